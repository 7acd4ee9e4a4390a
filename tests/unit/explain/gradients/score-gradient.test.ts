import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { floatTensor, float16Bits } from "../../../../domain/onnx/tensors.ts";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import { logitTarget } from "../../../../domain/explain/gradients/logit-target.ts";
import { openScoreGradient } from "../../../../domain/explain/gradients/score-gradient.ts";
import type { RowLayout } from "../../../../domain/explain/rows.ts";
import type { Target } from "../../../../domain/explain/score.ts";
import type { Dimension } from "../../../../domain/tensors/tensor.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";
import { layoutWith } from "./gradients-of.ts";

const FEATURES = layoutWith({ name: "x", shape: [3] });
/** Three features, two classes. */
const WEIGHTS = [1, -2, 0.5, 0.25, 3, -1];

function classifier(batch: Dimension = "batch"): Model {
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", [batch, 3]);
  const logits = b.node("MatMul", [x, b.constant(floatTensor([3, 2], WEIGHTS))]);
  b.output(b.node("Softmax", [logits], { axis: 1 }), "probabilities");
  return b.model();
}

const logitsOf = (x: readonly number[]): number[] =>
  [0, 1].map((k) => x.reduce((sum, value, at) => sum + value * (WEIGHTS[2 * at + k] ?? 0), 0));

const probability = (x: readonly number[], k: number): number => {
  const [one = 0, two = 0] = logitsOf(x);
  return 1 / (1 + Math.exp(k === 0 ? two - one : one - two));
};

/** d p_k / d x = p_k (1 - p_k) (w_k - w_other). */
const slopesOf = (x: readonly number[], k: number): number[] => {
  const p = probability(x, k);
  return x.map(
    (_, at) => p * (1 - p) * ((WEIGHTS[2 * at + k] ?? 0) - (WEIGHTS[2 * at + 1 - k] ?? 0)),
  );
};

async function gradientAt(
  model: Model,
  layout: RowLayout,
  target: Target,
  rows: readonly number[],
): Promise<{ scores: number[]; gradients: number[] }> {
  const gradient = await openScoreGradient(wasmRuntime, model, layout, target);
  try {
    const found = await gradient.run(Float32Array.from(rows), rows.length / layout.size);
    return { scores: [...found.scores], gradients: [...found.gradients] };
  } finally {
    await gradient.release();
  }
}

const problemOf = async (work: Promise<unknown>): Promise<[string, string]> => {
  const error = await work.then(() => null).catch((error: unknown) => error);
  if (error instanceof ExplainFault) return [error.problem.code, error.problem.message];
  throw new Error(`no ExplainFault: ${String(error)}`);
};

function expectNear(found: readonly number[], expected: readonly number[], digits = 6): void {
  expect(found.length).toBe(expected.length);
  for (const [at, value] of expected.entries())
    expect(found[at], `${at}`).toBeCloseTo(value, digits);
}

const ROWS = [
  [0.5, -1, 2],
  [0, 0, 0],
  [-1, 0.25, 0.75],
];

describe("the gradient of a score", () => {
  test("is that of the probability asked for, for each row its own", async () => {
    for (const index of [0, 1]) {
      const target = { output: "probabilities", index };
      const found = await gradientAt(classifier(), FEATURES, target, ROWS.flat());
      expectNear(
        found.scores,
        ROWS.map((row) => probability(row, index)),
      );
      expectNear(
        found.gradients,
        ROWS.flatMap((row) => slopesOf(row, index)),
      );
    }
  });

  test("is taken of other classes and of margins by the same session", async () => {
    const target = { output: "probabilities", index: 0 };
    const ran: number[] = [];
    const gradient = await openScoreGradient(wasmRuntime, classifier(), FEATURES, target, {
      ran: (rows) => ran.push(rows),
    });
    const rows = Float32Array.from(ROWS.flat());
    const second = await gradient.of(new Map([[1, 1]])).run(rows, 3);
    expectNear(
      [...second.gradients],
      ROWS.flatMap((row) => slopesOf(row, 1)),
    );
    const weights = new Map([
      [0, 1],
      [1, -1],
    ]);
    const margin = await gradient.of(weights).run(rows, 3);
    expectNear(
      [...margin.scores],
      ROWS.map((row) => 2 * probability(row, 0) - 1),
    );
    expectNear(
      [...margin.gradients],
      ROWS.flatMap((row) => slopesOf(row, 0).map((s) => 2 * s)),
    );
    expect(ran).toEqual([3, 3]);
    await gradient.release();
  });

  test("is that of the logit before a Softmax where the target is moved there", async () => {
    const moved = logitTarget(classifier(), { output: "probabilities", index: 1 });
    if (moved === null) throw new Error("there is a Softmax");
    const found = await gradientAt(moved.model, FEATURES, moved.target, ROWS.flat());
    expectNear(
      found.scores,
      ROWS.map((row) => logitsOf(row)[1] ?? NaN),
    );
    expectNear(
      found.gradients,
      ROWS.flatMap(() => [WEIGHTS[1] ?? 0, WEIGHTS[3] ?? 0, WEIGHTS[5] ?? 0]),
    );
    expect(logitTarget(moved.model, moved.target)).toBeNull();
  });

  test("a batch that is fixed is freed, or, where it is built in, filled up", async () => {
    const target = { output: "probabilities", index: 0 };
    const freed = await gradientAt(classifier(2), FEATURES, target, ROWS.flat());
    expectNear(
      freed.gradients,
      ROWS.flatMap((row) => slopesOf(row, 0)),
    );

    const b = GraphBuilder.empty();
    const x = b.input("x", "float32", [2, 3]);
    const shifted = b.node("Add", [x, b.constant(floatTensor([2, 3], [1, 2, 3, 1, 2, 3]))]);
    b.output(b.node("ReduceSum", [b.node("Mul", [shifted, shifted]), b.ints([1])]), "y");
    const built = await gradientAt(b.model(), FEATURES, { output: "y", index: 0 }, ROWS.flat());
    const moved = ROWS.map((row) => row.map((value, at) => value + at + 1));
    expectNear(
      built.scores,
      moved.map((row) => row.reduce((sum, v) => sum + v * v, 0)),
      5,
    );
    expectNear(
      built.gradients,
      moved.flatMap((row) => row.map((value) => 2 * value)),
    );
  });

  test("a model of several inputs has the slopes in the order of the rows, whatever their shapes", async () => {
    const b = GraphBuilder.empty();
    const [left, right] = [b.input("a", "float32", ["n", 2, 2]), b.input("b", "float32", ["n"])];
    const flat = b.node("Flatten", [left]);
    const sum = b.node("ReduceSum", [flat, b.ints([1])], { keepdims: 0 });
    b.output(b.node("Mul", [sum, right]), "y");
    const layout = layoutWith({ name: "b", shape: [] }, { name: "a", shape: [2, 2] });
    const found = await gradientAt(b.model(), layout, { output: "y", index: 0 }, [3, 1, 2, 3, 4]);
    expect(found).toEqual({ scores: [30], gradients: [10, 3, 3, 3, 3] });
  });

  test("float64 keeps its digits and float16 its values", async () => {
    for (const type of ["float64", "float16"] as const) {
      const b = GraphBuilder.empty();
      const x = b.input("x", type, ["n", 2]);
      const weights = [0.1, 3].map((value) => (type === "float16" ? float16Bits(value) : value));
      const data = type === "float16" ? Uint16Array.from(weights) : Float64Array.from(weights);
      const w = b.constant({ type, dims: [2, 1], data });
      b.output(b.node("MatMul", [b.node("Mul", [x, x]), w]), "y");
      const layout = layoutWith({ name: "x", shape: [2], type });
      const gradient = await openScoreGradient(wasmRuntime, b.model(), layout, {
        output: "y",
        index: 0,
      });
      const { scores, gradients } = await gradient.run(Float64Array.of(1.5, -2), 1);
      const digits = type === "float64" ? 14 : 2;
      expect(scores[0]).toBeCloseTo(0.1 * 2.25 + 12, digits);
      expectNear([...gradients], [0.3, -12], digits);
      await gradient.release();
    }
  });

  test("more rows than a run holds are run in parts", async () => {
    const rows = Array.from({ length: 5_000 }, (_, row) => [Math.sin(row), Math.cos(row), 1]);
    const target = { output: "probabilities", index: 0 };
    const { gradients } = await gradientAt(classifier(), FEATURES, target, rows.flat());
    for (const row of [0, 4_095, 4_096, 4_999])
      expectNear(gradients.slice(3 * row, 3 * row + 3), slopesOf(rows[row] ?? [], 0));
  });
});

describe("what has no gradient is refused by name", () => {
  test("inputs of whole numbers and texts", async () => {
    for (const type of ["int64", "string"] as const) {
      const layout = layoutWith({ name: "x", shape: [3] }, { name: "kind", shape: [], type });
      const target = { output: "probabilities", index: 0 };
      const [code, message] = await problemOf(
        openScoreGradient(wasmRuntime, classifier(), layout, target),
      );
      expect(code).toBe("gradient_missing");
      expect(message).toContain(`input 'kind' takes ${type}`);
    }
  });

  test("trees", async () => {
    const forest = readModel(readFileSync("examples/wdbc/models/wdbc-forest.onnx").subarray());
    const name = forest.graph.inputs[0]?.name ?? "";
    const layout = layoutWith({ name, shape: [30] });
    const output = forest.graph.outputs.at(-1)?.name ?? "";
    const [code, message] = await problemOf(
      openScoreGradient(wasmRuntime, forest, layout, { output, index: 0 }),
    );
    expect(code).toBe("gradient_missing");
    expect(message).toContain("TreeEnsemble");
  });

  test("a score that depends on the input by steps only", async () => {
    const b = GraphBuilder.empty();
    const x = b.input("x", "float32", ["n", 3]);
    const best = b.node("ArgMax", [x], { axis: 1, keepdims: 0 }, { name: "decision" });
    b.output(b.node("Cast", [best], { to: 1 }), "y");
    b.output(best, "label");
    const target = { output: "y", index: 0 };
    const [code, message] = await problemOf(
      openScoreGradient(wasmRuntime, b.model(), FEATURES, target),
    );
    expect(code).toBe("gradient_missing");
    expect(message).toContain("ArgMax 'decision'");
    const [other] = await problemOf(
      openScoreGradient(wasmRuntime, b.model(), FEATURES, { output: "label", index: 0 }),
    );
    expect(other).toBe("target_unknown");
  });

  test("outputs and classes that are not there", async () => {
    const open = (target: Target) =>
      problemOf(openScoreGradient(wasmRuntime, classifier(), FEATURES, target));
    expect(await open({ output: "z", index: 0 })).toEqual([
      "target_unknown",
      "the model has no output 'z'; it has probabilities",
    ]);
    for (const index of [2, -1, 0.5])
      expect(await open({ output: "probabilities", index })).toEqual([
        "target_unknown",
        `output 'probabilities' has 2 values a row, from 0 to 1, and no ${index}`,
      ]);
  });

  test("a slope that is not finite", async () => {
    const b = GraphBuilder.empty();
    b.output(b.node("Sqrt", [b.input("x", "float32", ["n", 1])]), "y");
    const layout = layoutWith({ name: "x", shape: [1] });
    const target = { output: "y", index: 0 };
    expect((await gradientAt(b.model(), layout, target, [4])).gradients).toEqual([0.25]);
    expect(await problemOf(gradientAt(b.model(), layout, target, [0]))).toEqual([
      "value_invalid",
      "the gradient with respect to element 0 of 'x' is Infinity",
    ]);
    expect((await problemOf(gradientAt(b.model(), layout, target, [-1])))[0]).toBe("value_invalid");
  });
});
