import { describe, expect, test } from "vitest";
import { swarmOffsets } from "../../../../domain/explain/plots/beeswarm.ts";
import { plotDrift } from "../../../../domain/explain/plots/plot-drift.ts";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import {
  GLOBAL_PLOTS,
  plotGlobal,
  type GlobalPlot,
} from "../../../../domain/explain/plots/plot-global.ts";
import { attributionDrift } from "../../../../domain/explain/summary/attribution-drift.ts";
import { tableOf } from "../../../../domain/explain/summary/explanation-table.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import {
  classed,
  elementsOf,
  named,
  numberOf,
  parseSvg,
  printed,
  type Parsed,
} from "./support/parse-svg.ts";
import { globalOf } from "./support/samples.ts";

const global = globalOf();
const draw = (plot: GlobalPlot, feature?: string): Parsed =>
  parseSvg(plotGlobal(global, plot, feature));

/** Places of the dots in a part of a picture. */
const dotsOf = (parsed: Parsed): [x: number, y: number][] =>
  classed(parsed, "dots").flatMap(({ attributes }) =>
    [...(attributes["d"] ?? "").matchAll(/M([\d.]+) ([\d.]+)h0/g)].map(
      ([, x, y]): [number, number] => [Number(x), Number(y)],
    ),
  );

/** The line of least squares through pairs; the residual is how far the farthest is off. */
function lineThrough(pairs: readonly (readonly [number, number])[]) {
  const mean = (of: (pair: readonly [number, number]) => number): number =>
    pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const [x, y] = [mean(([a]) => a), mean(([, b]) => b)];
  const slope = mean(([a, b]) => (a - x) * (b - y)) / mean(([a]) => (a - x) ** 2);
  return { slope, off: Math.max(...pairs.map(([a, b]) => Math.abs(b - y - slope * (a - x)))) };
}

test.each(GLOBAL_PLOTS)(
  "%s is one well-formed picture with words for who does not see it",
  (plot) => {
    const text = plotGlobal(global, plot);
    const svg = parseSvg(text);
    expect(svg.attributes["role"]).toBe("img");
    expect(svg.children[0]?.text).toContain("wdbc, version 3");
    expect(svg.children[1]?.text).toContain("first");
    expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
    expect(plotGlobal(globalOf(), plot)).toBe(text);
  },
);

test.each(GLOBAL_PLOTS)("%s escapes the names of strangers", (plot) => {
  const evil = "<script>alert(1)</script>";
  const text = JSON.stringify(global).replaceAll("first", evil).replaceAll("wdbc", evil);
  const svg = parseSvg(plotGlobal(JSON.parse(text) as typeof global, plot));
  expect(elementsOf(svg, ({ name }) => name === "script")).toEqual([]);
  expect(svg.text).toContain(evil);
});

describe("the beeswarm", () => {
  const svg = draw("beeswarm");
  const swarms = classed(svg, "swarm");

  test("has a dot for each row, where its contribution lies on the axis", () => {
    expect(swarms.length).toBe(3);
    for (const [at, swarm] of swarms.entries()) {
      const x = dotsOf(swarm)
        .map(([place]) => place)
        .sort((a, b) => a - b);
      const contributions = (global.points[at]?.contributions ?? []).toSorted((a, b) => a - b);
      expect(x.length).toBe(contributions.length);
      const { slope, off } = lineThrough(contributions.map((value, row) => [value, x[row] ?? 0]));
      expect(slope).toBeGreaterThan(0);
      expect(off).toBeLessThan(0.02);
    }
  });

  test("rows without a value are grey, and low values have another colour than high ones", () => {
    const missing = classed(
      swarms.find((swarm) => printed(swarm).includes("second")) ?? svg,
      "missing",
    );
    const expected = global.points.find(({ feature }) => feature === "second")?.values;
    expect(dotsOf({ name: "", attributes: {}, children: missing, text: "" }).length).toBe(
      expected?.filter((value) => value === null).length,
    );
    const place = (name: string): number =>
      dotsOf({
        name: "",
        attributes: {},
        children: classed(swarms[1] ?? svg, name),
        text: "",
      })[0]?.[0] ?? 0;
    expect(place("ramp0")).toBeLessThan(place("ramp7"));
  });

  test("dots of one place stack to both sides and stay in their row", () => {
    expect(swarmOffsets([50, 50, 50, 90])).toEqual([-0, 4.4, -4.4, -0]);
    const crowd = swarmOffsets(Array.from({ length: 400 }, () => 50));
    expect(Math.max(...crowd.map(Math.abs))).toBeCloseTo(13, 9);
    expect(new Set(crowd).size).toBe(400);
  });
});

describe("bars", () => {
  test("are as long as the importances, with their intervals", () => {
    const svg = draw("bar");
    const widths = named(svg, "rect").filter(({ attributes }) => attributes["class"] === "amount");
    const found = widths.map((bar) => numberOf(bar, "width"));
    const perUnit = (found[0] ?? 0) / (global.importances[0]?.importance ?? 1);
    expect(found).toEqual(
      global.importances.map(({ importance }) => expect.closeTo(importance * perUnit, 1)),
    );
    const [low = 0, high = 0] = global.importances[0]?.interval ?? [];
    const [, from, to] =
      /^M([\d.]+) [\d.]+H([\d.]+)/.exec(classed(svg, "whisker")[0]?.attributes["d"] ?? "") ?? [];
    expect(Number(to) - Number(from)).toBeCloseTo((high - low) * perUnit, 1);
    expect(printed(svg)).toContain("mean |contribution|");
  });

  test("pairs that fall together point the other way", () => {
    const pairs = [
      { features: ["a", "b"] as [string, string], strength: 0.5, interval: null },
      { features: ["a", "c"] as [string, string], strength: -0.25, interval: null },
    ];
    const svg = parseSvg(
      plotGlobal(
        { ...global, interactions: { measure: "correlated_contributions", pairs } },
        "interactions",
      ),
    );
    expect(classed(svg, "span").map(printed)).toEqual(["a × b+0.500", "a × c−0.250"]);
    const bars = classed(svg, "span").flatMap((span) => named(span, "rect"));
    const [up, down] = bars;
    expect(up && numberOf(up, "width")).toBeCloseTo(
      2 * (down === undefined ? 0 : numberOf(down, "width")),
      1,
    );
  });
});

describe("dependence", () => {
  test("a dot for each row at its value and contribution, and the trend through them", () => {
    const svg = draw("dependence", "third");
    const told = global.dependence.find(({ feature }) => feature === "third");
    const dots = dotsOf(svg).sort((a, b) => a[0] - b[0]);
    const points = (told?.points ?? []).toSorted((a, b) => a.value - b.value);
    expect(dots.length).toBe(points.length);
    const across = lineThrough(points.map(({ value }, at) => [value, dots[at]?.[0] ?? 0]));
    const upwards = lineThrough(
      points.map(({ contribution }, at) => [contribution, dots[at]?.[1] ?? 0]),
    );
    expect(across.slope).toBeGreaterThan(0);
    expect(upwards.slope).toBeLessThan(0);
    expect(Math.max(across.off, upwards.off)).toBeLessThan(0.02);
    expect(classed(svg, "trend").length).toBe(1);
    expect(classed(svg, "band").length).toBe(1);
  });

  test("the first that is told is drawn where none is named, coloured by what it interacts with", () => {
    expect(plotGlobal(global, "dependence")).toBe(plotGlobal(global, "dependence", "first"));
    expect(printed(draw("dependence"))).toContain("third");
  });

  test("features and pictures that there are none of are refused by name", () => {
    const refused = (plot: string, feature?: string, of = global): ExplainFault => {
      try {
        plotGlobal(of, plot as GlobalPlot, feature);
      } catch (error) {
        if (error instanceof ExplainFault) return error;
      }
      throw new Error("not refused");
    };
    expect(refused("dependence", "nobody").problem).toMatchObject({
      code: "feature_unknown",
      field: "feature",
      message: expect.stringContaining("'first', 'second', 'third'"),
    });
    expect(refused("bar", "first").problem).toMatchObject({
      code: "option_invalid",
      field: "feature",
    });
    expect(refused("waterfall").problem).toMatchObject({ code: "option_invalid", field: "plot" });
    expect(refused("dependence", undefined, { ...global, dependence: [] }).problem.field).toBe(
      "plot",
    );
  });
});

test("segments share one scale, so that their bars compare", () => {
  const svg = draw("segments");
  const columns = classed(svg, "segment");
  expect(columns.length).toBe(global.segments.length);
  const ratios = columns.flatMap((column, at) =>
    classed(column, "amount").map((bar, row) => {
      const { feature } = global.importances[row] ?? {};
      const found = global.segments[at]?.importance?.features.find(
        (one) => one.feature === feature,
      );
      return numberOf(bar, "width") / (found?.importance ?? Number.NaN);
    }),
  );
  expect(ratios.length).toBe(12);
  for (const ratio of ratios) expect(ratio / (ratios[0] ?? 1)).toBeCloseTo(1, 1);
});

describe("drift", () => {
  const table = (factor: number) =>
    tableOf(
      Array.from({ length: 40 }, (_, row) => ({
        model: "m",
        version: "1",
        method: "tree",
        players: ["kept", "risen <b>", "silent"],
        values: [1 + (row % 5) / 10, factor * (0.5 + (row % 7) / 20), 0],
        features: null,
        prediction: 0,
        base: 0,
      })),
    );
  const drift = attributionDrift(table(1), table(3), { random: seededRandom(5) });
  const svg = parseSvg(plotDrift({ ...drift, model: "wdbc", model_version: 3 }));

  test("each feature has its bar of before and of now on one scale", () => {
    const rows = classed(svg, "drift").map((row) => ({
      before: numberOf(classed(row, "before")[0] ?? row, "width"),
      live: numberOf(classed(row, "amount")[0] ?? row, "width"),
    }));
    const ranked = ["risen <b>", "kept", "silent"].map((name) =>
      drift.features.find(({ feature }) => feature === name),
    );
    const perUnit = (rows[0]?.live ?? 0) / (ranked[0]?.live ?? 1);
    expect(rows[0]?.before).toBeCloseTo((ranked[0]?.baseline ?? 0) * perUnit, 1);
    expect(rows[1]?.live).toBeCloseTo((ranked[1]?.live ?? 0) * perUnit, 1);
    expect(rows[2]).toEqual({ before: 0.5, live: 0.5 });
    const [low = 0, high = 0] = ranked[0]?.interval ?? [];
    const [, from, to] =
      /^M([\d.]+) [\d.]+H([\d.]+)/.exec(classed(svg, "whisker")[0]?.attributes["d"] ?? "") ?? [];
    const [bar] = classed(svg, "amount")
      .filter(({ attributes }) => "x" in attributes)
      .slice(1);
    const zero = bar === undefined ? 0 : numberOf(bar, "x");
    const before = ranked[0]?.baseline ?? 0;
    expect(Number(from)).toBeCloseTo(zero + (before + low) * perUnit, 1);
    expect(Number(to)).toBeCloseTo(zero + (before + high) * perUnit, 1);
  });

  test("it says what was found, with the probabilities", () => {
    expect(printed(svg)).toContain("Drift: some feature contributes more or less");
    expect(printed(svg)).toContain("+200 %, p < 0.001");
    expect(classed(svg, "whisker").length).toBe(2);
    const none = attributionDrift(table(1), table(1), { random: seededRandom(5) });
    expect(plotDrift({ ...none, model: "m", model_version: 1 })).toContain("No drift found");
  });
});
