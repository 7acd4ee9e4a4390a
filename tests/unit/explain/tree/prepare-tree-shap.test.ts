import { describe, expect, test } from "vitest";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import { coveredMean, coveredRoutes } from "../../../../domain/explain/tree/covered-routes.ts";
import { playersOf } from "../../../../domain/explain/tree/players.ts";
import { prepareTreeShap } from "../../../../domain/explain/tree/prepare-tree-shap.ts";
import { readTreeModel } from "../../../../domain/explain/tree/read-tree-model.ts";
import { linked, secantWeights } from "../../../../domain/explain/tree/secant-weights.ts";
import type { Random } from "../../../../domain/statistics/random.ts";
import { randomOf } from "../../onnx/support/random-numbers.ts";
import {
  expectedOf,
  meansOf,
  mixedRows,
  shapleyInteractions,
  shapleyValues,
} from "./brute-force.ts";
import {
  ensembleModel,
  listedAttributes,
  randomRows,
  randomTree,
  randomValue,
  rootedAttributes,
  scoresOf,
  takes,
  type PlainTree,
} from "./random-trees.ts";

const COLUMNS = 4;
const target = (index = 0) => ({ output: "score", index });
const everyOne = [0, 1, 2, 3];

/** Weights that add up to 1. */
function randomWeights(random: Random, count: number): Float64Array {
  const drawn = Float64Array.from({ length: count }, () => random.uniform());
  const sum = drawn.reduce((total, weight) => total + weight, 0);
  return drawn.map((weight) => weight / sum);
}

function randomBackground(random: Random, count = 6) {
  return { rows: randomRows(random, count, COLUMNS), count, weights: randomWeights(random, count) };
}

const regressor = (trees: readonly PlainTree[], more = {}) =>
  ensembleModel("TreeEnsembleRegressor", COLUMNS, {
    ...listedAttributes(trees, "target"),
    n_targets: trees[0] ? 1 : 0,
    ...more,
  });

const instanceOf = (random: Random): Float32Array => randomRows(random, 1, COLUMNS);

function expectClose(found: ArrayLike<number>, expected: readonly number[], within = 1e-9): void {
  expect(found.length).toBe(expected.length);
  for (const [at, value] of expected.entries())
    expect(Math.abs((found[at] ?? Number.NaN) - value), `value ${at}`).toBeLessThan(within);
}

const sumOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0);

describe("interventional values", () => {
  test.each(Array.from({ length: 12 }, (_, at) => at))(
    "are the Shapley values of all coalitions, with interactions (%i)",
    (at) => {
      const random = randomOf(`interventional ${at}`);
      const trees = Array.from({ length: 3 }, () => randomTree(random, { columns: 4, depth: 5 }));
      const model = regressor(trees, {
        base_values: [0.25],
        aggregate_function: at % 2 ? "AVERAGE" : "SUM",
      });
      const background = randomBackground(random);
      const instance = instanceOf(random);
      const rows = mixedRows(instance, background.rows, everyOne, 4);
      const scores = scoresOf(model, rows, { columns: COLUMNS, index: 0 });
      const worths = meansOf(scores, [...background.weights]);

      const explainer = prepareTreeShap(readTreeModel(model, target()), {
        mode: "interventional",
        background,
        scale: "raw",
      });
      const found = explainer.explain(instance, { interactions: true });
      expectClose(found.values, shapleyValues(worths, 4));
      expectClose(found.interactions ?? [], shapleyInteractions(worths, 4));
      expectClose([found.base, found.prediction], [worths[0] ?? 0, worths[15] ?? 0]);
      expectClose([found.base + sumOf(found.values)], [found.prediction]);
    },
  );

  test("of groups take each group as one player, and what is in no group from the instance", () => {
    const random = randomOf("groups");
    const trees = Array.from({ length: 4 }, () => randomTree(random, { columns: 4, depth: 6 }));
    const model = regressor(trees);
    const background = randomBackground(random);
    for (const [groups, owners] of [
      [
        [
          [0, 2],
          [3, 1],
        ],
        [0, 1, 0, 1],
      ],
      [
        [[2], [0, 3]],
        [1, -1, 0, 1],
      ],
    ] as const) {
      const instance = instanceOf(random);
      const rows = mixedRows(instance, background.rows, owners, 2);
      const scores = scoresOf(model, rows, { columns: COLUMNS, index: 0 });
      const worths = meansOf(scores, [...background.weights]);
      const options = { mode: "interventional", background, scale: "raw", groups } as const;
      const explainer = prepareTreeShap(readTreeModel(model, target()), options);
      const found = explainer.explain(instance, { interactions: true });
      expectClose(found.values, shapleyValues(worths, 2));
      expectClose(found.interactions ?? [], shapleyInteractions(worths, 2));
      expectClose([found.base, found.prediction], [worths[0] ?? 0, worths[3] ?? 0]);
    }
  });

  test("are exact where a leaf has more players than a table takes", () => {
    const random = randomOf("deep");
    const columns = 12;
    const chain = (column: number): PlainTree => ({
      hits: 1,
      weights: column === columns ? [random.normal()].map(Math.fround) : [],
      ...(column === columns
        ? {}
        : {
            branch: {
              column,
              mode: column % 6,
              split: randomValue(random),
              members: [],
              missing: true,
              yes: chain(column + 1),
              no: { hits: 1, weights: [Math.fround(random.normal())] },
            },
          }),
    });
    const model = ensembleModel(
      "TreeEnsembleRegressor",
      columns,
      listedAttributes([chain(0), randomTree(random, { columns, depth: 3 })], "target"),
    );
    // Rows that stay on the way for long: most comparisons hold for both.
    const background = {
      rows: randomRows(random, 3, columns).map((v, at) => (at % 3 ? v : Number.NaN)),
      count: 3,
      weights: randomWeights(random, 3),
    };
    const instance = randomRows(random, 1, columns);
    const owners = Array.from({ length: columns }, (_, at) => at);
    const rows = mixedRows(instance, background.rows, owners, columns);
    const worths = meansOf(scoresOf(model, rows, { columns, index: 0 }), [...background.weights]);
    const options = { mode: "interventional", background, scale: "raw" } as const;
    const found = prepareTreeShap(readTreeModel(model, target()), options).explain(instance);
    expectClose(found.values, shapleyValues(worths, columns));
  });
});

describe("path-dependent values", () => {
  test.each(Array.from({ length: 12 }, (_, at) => at))(
    "are the Shapley values of means by cover, with interactions (%i)",
    (at) => {
      const random = randomOf(`path ${at}`);
      const trees = Array.from({ length: 3 }, () => randomTree(random, { columns: 4, depth: 7 }));
      const instance = instanceOf(random);
      const worths = Array.from({ length: 16 }, (_, coalition) =>
        sumOf(
          trees.map((tree) => expectedOf(tree, instance, (i) => ((coalition >>> i) & 1) === 1)),
        ),
      );
      const explainer = prepareTreeShap(readTreeModel(regressor(trees), target()), {
        mode: "path_dependent",
        background: null,
        scale: "raw",
      });
      const found = explainer.explain(instance, { interactions: true });
      expectClose(found.values, shapleyValues(worths, 4));
      expectClose(found.interactions ?? [], shapleyInteractions(worths, 4));
      expectClose([found.base, found.prediction], [worths[0] ?? 0, worths[15] ?? 0]);
    },
  );

  test.each([0, 1, 2, 3])(
    "count the background's rows where the file has no hit rates, or some that do not add up (%i)",
    (at) => {
      const random = randomOf(`covers ${at}`);
      const tree = randomTree(random, { columns: 4, depth: 4 });
      const attributes = listedAttributes([tree], "target");
      const background = randomBackground(random, 5);
      const counted = withCounts(tree, background, [0, 1, 2, 3, 4]);
      const instance = instanceOf(random);
      const worths = Array.from({ length: 16 }, (_, coalition) =>
        expectedOf(counted, instance, (i) => ((coalition >>> i) & 1) === 1),
      );
      const nodes = attributes["nodes_modes"] as string[];
      for (const rates of [undefined, nodes.map(() => 1), nodes.map((_, place) => place + 1)]) {
        const more = { ...attributes, nodes_hitrates: rates };
        const model = ensembleModel("TreeEnsembleRegressor", COLUMNS, more);
        const read = readTreeModel(model, target());
        const options = { mode: "path_dependent", background, scale: "raw" } as const;
        const found = prepareTreeShap(read, options).explain(instance);
        expectClose(found.values, shapleyValues(worths, 4));
        expect(() => prepareTreeShap(read, { ...options, background: null })).toThrow(
          /how many samples passed/,
        );
      }
    },
  );

  test("of groups take each group as one player, and what is in no group from the instance", () => {
    const random = randomOf("path groups");
    const trees = Array.from({ length: 3 }, () => randomTree(random, { columns: 4, depth: 7 }));
    const instance = instanceOf(random);
    const owners = [1, 0, -1, 0];
    const worths = Array.from({ length: 4 }, (_, coalition) => {
      const isKnown = (i: number) =>
        owners[i] === -1 || ((coalition >>> (owners[i] ?? 0)) & 1) === 1;
      return sumOf(trees.map((tree) => expectedOf(tree, instance, isKnown)));
    });
    const explainer = prepareTreeShap(readTreeModel(regressor(trees), target()), {
      mode: "path_dependent",
      background: null,
      scale: "raw",
      groups: [[1, 3], [0]],
    });
    const found = explainer.explain(instance, { interactions: true });
    expectClose(found.values, shapleyValues(worths, 2));
    expectClose(found.interactions ?? [], shapleyInteractions(worths, 2));
    expectClose([found.base], [worths[0] ?? 0]);
  });
});

describe("probabilities", () => {
  test.each(["LOGISTIC", "SOFTMAX"])(
    "through %s are the margins' values, rescaled for each row of the background, and add up",
    (post_transform) => {
      const random = randomOf(post_transform);
      const targets = post_transform === "LOGISTIC" ? 2 : 3;
      const trees = Array.from({ length: 5 }, () =>
        randomTree(random, { columns: 4, depth: 4, targets }),
      ).map((tree) => timesThree(tree));
      const attributes = { ...listedAttributes(trees, "target"), n_targets: targets };
      const model = ensembleModel("TreeEnsembleRegressor", COLUMNS, {
        ...attributes,
        post_transform,
      });
      const margins = ensembleModel("TreeEnsembleRegressor", COLUMNS, attributes);
      const background = randomBackground(random);
      const instance = instanceOf(random);
      const index = targets - 1;
      const at = { columns: COLUMNS, index };
      const weights = [...background.weights];
      const options = { mode: "interventional", background, scale: "probability" } as const;
      const explainer = prepareTreeShap(readTreeModel(model, target(index)), options);
      const found = explainer.explain(instance, { interactions: true });
      const [prediction = 0] = scoresOf(model, instance, at);
      expectClose(
        [found.prediction, found.base, found.base + sumOf(found.values)],
        [prediction, meansOf(scoresOf(model, background.rows, at), weights)[0] ?? 0, prediction],
      );
      expectClose([sumOf(found.interactions ?? [])], [sumOf(found.values)]);
      if (post_transform === "SOFTMAX") return;
      // For one margin, the rescaling is by the slope of the secant.
      const expected = [0, 0, 0, 0];
      for (const [row, weight] of weights.entries()) {
        const one = background.rows.subarray(row * COLUMNS, (row + 1) * COLUMNS);
        const worths = scoresOf(margins, mixedRows(instance, one, everyOne, 4), at);
        const change = (worths[15] ?? 0) - (worths[0] ?? 0);
        if (change === 0) continue;
        const slope = (prediction - (scoresOf(model, one, at)[0] ?? 0)) / change;
        for (const [player, value] of shapleyValues(worths, 4).entries())
          expected[player] = (expected[player] ?? 0) + weight * slope * value;
      }
      expectClose(found.values, expected, 1e-7);
    },
  );

  test("on the raw scale are the values of the target's margin", () => {
    const random = randomOf("raw");
    const trees = [randomTree(random, { columns: 4, depth: 4, targets: 3 })];
    const attributes = { ...listedAttributes(trees, "target"), n_targets: 3 };
    const background = randomBackground(random);
    const instance = instanceOf(random);
    const [softmax, plain] = ["SOFTMAX", "NONE"].map((post_transform) =>
      prepareTreeShap(
        readTreeModel(
          ensembleModel("TreeEnsembleRegressor", 4, { ...attributes, post_transform }),
          target(1),
        ),
        { mode: "interventional", background, scale: "raw" },
      ).explain(instance),
    );
    expect(softmax).toEqual(plain);
  });

  test("through a link are refused where values are path-dependent", () => {
    const random = randomOf("refused");
    const trees = [randomTree(random, { columns: 4, depth: 2, targets: 2 })];
    const model = readTreeModel(
      regressor(trees, { n_targets: 2, post_transform: "LOGISTIC" }),
      target(),
    );
    const options = { mode: "path_dependent", background: null, scale: "probability" } as const;
    expect(() => prepareTreeShap(model, options)).toThrow(ExplainFault);
  });
});

test("the weights of the margins are the mean slopes of the way, be it short or long", () => {
  const random = randomOf("slopes");
  for (const scale of [0, 1e-9, 1e-4, 9e-4, 1e-2, 1, 30]) {
    for (const [link, margins] of [
      ["logistic", 1],
      ["softmax", 2],
      ["softmax", 5],
    ] as const) {
      const from = Float64Array.from({ length: margins }, () => random.normal());
      const to = from.map((margin) => margin + scale * random.normal());
      const found = new Float64Array(margins);
      secantWeights({ link, target: margins - 1 }, to, from, found);
      const change = linked(link, to, margins - 1) - linked(link, from, margins - 1);
      const sum = found.reduce((total, w, at) => total + w * ((to[at] ?? 0) - (from[at] ?? 0)), 0);
      expectClose([sum], [change], 1e-12 + 1e-9 * Math.abs(change));
      if (margins > 1) expectClose([sumOf(found)], [0], 1e-12);
    }
    // A sigmoid is a softmax of two.
    const [way, pair] = [new Float64Array(1), new Float64Array(2)];
    const [one, two] = [random.normal(), random.normal() * scale];
    secantWeights(
      { link: "logistic", target: 0 },
      new Float64Array([one + two]),
      new Float64Array([one]),
      way,
    );
    secantWeights(
      { link: "softmax", target: 1 },
      new Float64Array([0, one + two]),
      new Float64Array([0, one]),
      pair,
    );
    expectClose([pair[1] ?? 0], [way[0] ?? 0], 1e-9);
  }
  const far = new Float64Array([0, 5_000]);
  expect(() => {
    secantWeights({ link: "softmax", target: 0 }, far, new Float64Array(2), new Float64Array(2));
  }).toThrow(/explain the scale raw/);
});

describe("whatever the depth", () => {
  /** A tree that asks `depth` columns one after another, with leaves at every step. */
  const ladder = (random: Random, depth: number, level = 0): PlainTree =>
    level === depth
      ? { hits: 10, weights: [1] }
      : {
          hits: 10 * (depth - level + 1),
          weights: [],
          branch: {
            column: level,
            mode: 0,
            split: 0,
            members: [],
            missing: false,
            yes: ladder(random, depth, level + 1),
            no: { hits: 10, weights: [Math.fround(random.normal())] },
          },
        };

  test.each([30, 300])(
    "a leaf of %i players adds up, and symmetric players share alike",
    (depth) => {
      const random = randomOf(`ladder ${depth}`);
      const model = readTreeModel(
        ensembleModel(
          "TreeEnsembleRegressor",
          depth,
          listedAttributes([ladder(random, depth)], "target"),
        ),
        target(),
      );
      const instance = new Float32Array(depth).fill(-1);
      const background = {
        rows: Float32Array.from({ length: 5 * depth }, () => (random.uniform() < 0.1 ? 1 : -1)),
        count: 5,
        weights: new Float64Array(5).fill(0.2),
      };
      for (const mode of ["interventional", "path_dependent"] as const) {
        const found = prepareTreeShap(model, { mode, background, scale: "raw" }).explain(instance, {
          interactions: depth === 30,
        });
        expectClose([found.base + sumOf(found.values)], [found.prediction]);
        expect(found.prediction).toBe(1);
      }
      // All other leaves weigh nothing: the one leaf is an AND of everybody.
      const and = prepareTreeShap(
        { ...model, values: model.values.map((value) => (value === 1 ? 1 : 0)) },
        {
          mode: "interventional",
          background: {
            rows: new Float32Array(depth).fill(1),
            count: 1,
            weights: new Float64Array([1]),
          },
          scale: "raw",
        },
      ).explain(instance);
      expectClose(
        and.values,
        Array.from({ length: depth }, () => 1 / depth),
      );
    },
  );

  test("a player who is asked so often that next to no sample is left stays finite", () => {
    const thin = (level: number): PlainTree => ({
      hits: 1,
      weights: level === 0 ? [1] : [],
      ...(level > 0 && {
        branch: {
          column: level % 2,
          mode: 0,
          split: 0,
          members: [],
          missing: false,
          yes: { hits: 1, weights: [2] },
          no: thin(level - 1),
        },
      }),
    });
    const attributes = listedAttributes([thin(300)], "target");
    const model = ensembleModel("TreeEnsembleRegressor", 2, attributes);
    const { trees, values, sources } = readTreeModel(model, target());
    const shares = new Float64Array(trees.nodes).fill(1);
    for (const [node, other] of trees.no.entries())
      if (other > 0) [shares[node + 1], shares[other]] = [0.999, 0.001];
    const routes = coveredRoutes(trees, playersOf(trees, sources, 2), { values, shares });
    for (const instance of [
      [-1, 1],
      [1, -1],
      [1, 1],
    ]) {
      const decisions = Uint8Array.from(trees.column, (at) => ((instance[at] ?? 0) <= 0 ? 1 : 0));
      const found = new Float64Array(2);
      routes(decisions, found);
      const prediction = instance.includes(-1) ? 2 : 1;
      expectClose([sumOf(found)], [prediction - coveredMean(trees, { values, shares })]);
    }
  });

  test("path-dependent values of twelve players on one way are exact", () => {
    const random = randomOf("twelve");
    const columns = 12;
    const tree = randomTree(random, { columns, depth: 30 }, 3_000);
    const steps = ladder(random, columns);
    const model = ensembleModel(
      "TreeEnsembleRegressor",
      columns,
      listedAttributes([steps, tree], "target"),
    );
    const instance = randomRows(random, 1, columns).map((value, at) => (at % 3 ? value : -1));
    const worths = Array.from({ length: 2 ** columns }, (_, coalition) => {
      const isKnown = (column: number): boolean => ((coalition >>> column) & 1) === 1;
      return expectedOf(steps, instance, isKnown) + expectedOf(tree, instance, isKnown);
    });
    const options = { mode: "path_dependent", background: null, scale: "raw" } as const;
    const found = prepareTreeShap(readTreeModel(model, target()), options).explain(instance);
    expectClose(found.values, shapleyValues(worths, columns));
  });
});

test("the sets of TreeEnsemble are followed, with all other comparisons", () => {
  const random = randomOf("sets");
  const trees = Array.from({ length: 4 }, () =>
    randomTree(random, { columns: 4, depth: 4, modes: 7 }),
  ).filter(({ branch }) => branch);
  const model = ensembleModel("TreeEnsemble", 4, { ...rootedAttributes(trees), n_targets: 1 });
  const times4 = (rows: Float32Array) => rows.map((value) => 4 * value);
  const plain = randomBackground(random);
  const background = { ...plain, rows: times4(plain.rows) };
  const instance = times4(instanceOf(random));
  const rows = mixedRows(instance, background.rows, everyOne, 4);
  const worths = meansOf(scoresOf(model, rows, { columns: 4, index: 0 }), [...background.weights]);
  const options = { mode: "interventional", background, scale: "raw" } as const;
  const found = prepareTreeShap(readTreeModel(model, target()), options).explain(instance);
  expectClose(found.values, shapleyValues(worths, 4));
});

test("the same row gives the same bytes, whatever was explained between", () => {
  const random = randomOf("again");
  const trees = Array.from({ length: 5 }, () => randomTree(random, { columns: 4, depth: 5 }));
  const model = readTreeModel(regressor(trees), target());
  const background = randomBackground(random);
  for (const mode of ["interventional", "path_dependent"] as const) {
    const explainer = prepareTreeShap(model, { mode, background, scale: "raw" });
    const [one, two] = [instanceOf(random), instanceOf(random)];
    const first = explainer.explain(one, { interactions: true });
    explainer.explain(two, { interactions: true });
    expect(explainer.explain(one, { interactions: true })).toEqual(first);
  }
});

describe("what cannot be explained is refused", () => {
  const random = randomOf("refusals");
  const model = readTreeModel(regressor([randomTree(random, { columns: 4, depth: 3 })]), target());
  const background = randomBackground(random);
  const options = { mode: "interventional", background, scale: "raw" } as const;

  test.each([
    ["no background", { background: null }, "background_missing"],
    ["an empty one", { background: { ...background, count: 0 } }, "value_invalid"],
    ["one of other columns", { background: { ...background, count: 5 } }, "value_invalid"],
    ["an element in two groups", { groups: [[0], [1, 0]] }, "option_invalid"],
  ])("%s", (_, change, code) => {
    try {
      prepareTreeShap(model, { ...options, ...change });
    } catch (error) {
      expect(error instanceof ExplainFault && error.problem.code).toBe(code);
      return;
    }
    expect.unreachable();
  });

  test("a row of other columns", () => {
    const explainer = prepareTreeShap(model, options);
    expect(() => explainer.explain(new Float32Array(3))).toThrow(/4 columns, and the row has 3/);
  });
});

/** Leaves of larger weights, so that probabilities come near 0 and 1. */
const timesThree = (tree: PlainTree): PlainTree => ({
  ...tree,
  weights: tree.weights.map((weight) => Math.fround(3 * weight)),
  ...(tree.branch
    ? {
        branch: {
          ...tree.branch,
          yes: timesThree(tree.branch.yes),
          no: timesThree(tree.branch.no),
        },
      }
    : {}),
});

/** The tree with the weights of the rows that pass as hits; a branch that none comes to is split evenly. */
function withCounts(
  tree: PlainTree,
  background: { rows: Float32Array; weights: Float64Array },
  passing: readonly number[],
): PlainTree {
  const hits = sumOf(passing.map((row) => background.weights[row] ?? 0));
  const { branch } = tree;
  if (!branch) return { ...tree, hits };
  const goes = (row: number): boolean =>
    takes(branch, background.rows[row * COLUMNS + branch.column] ?? 0);
  const stays = (row: number): boolean => !goes(row);
  const even = hits === 0 ? { hits: 1 } : {};
  const yes = { ...withCounts(branch.yes, background, passing.filter(goes)), ...even };
  const no = { ...withCounts(branch.no, background, passing.filter(stays)), ...even };
  return { ...tree, hits, branch: { ...branch, yes, no } };
}
