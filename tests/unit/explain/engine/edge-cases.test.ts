import { describe, expect, test } from "vitest";
import type { ExplainRequest } from "../../../../domain/explain/explain-request.ts";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import type { Explained } from "../../../../domain/explain/explanation.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { seededRandom, type Random } from "../../../../domain/statistics/random.ts";
import { countOf, type Tensor } from "../../../../domain/tensors/tensor.ts";
import { asked, explainOn } from "../../../fixtures/explain.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";

const normals = (random: Random, dims: number[]): Tensor => ({
  type: "float32",
  dims,
  data: Float32Array.from({ length: countOf(dims) }, () => random.normal()),
});

/** tanh of a random linear map of all numbers of a row, two scores. */
function tanhModel(shape: readonly number[]): Model {
  const b = GraphBuilder.empty(17);
  const weights = normals(seededRandom("weights"), [countOf(shape), 2]);
  const scale = b.scalar(1 / Math.sqrt(countOf(shape)));
  const flat = b.node("Flatten", [b.input("x", "float32", ["n", ...shape])]);
  const mixed = b.node("Mul", [b.node("MatMul", [flat, b.constant(weights)]), scale]);
  b.output(b.node("Tanh", [mixed]), "y");
  return b.model();
}

type Asked = Partial<ExplainRequest> & Pick<ExplainRequest, "method">;

async function explain(
  shape: readonly number[],
  request: Asked,
  { instance, background }: { instance?: Tensor; background?: Tensor } = {},
): Promise<Explained> {
  const random = seededRandom("rows");
  const feeds = { x: instance ?? normals(random, [1, ...shape]) };
  const compared = { x: background ?? normals(random, [3, ...shape]) };
  const rows = { feeds, background: compared };
  const [found] = await explainOn(wasmRuntime, tanhModel(shape), rows, [asked(request)]);
  const [first] = found ?? [];
  if (first === undefined) throw new Error("nothing was explained");
  return first;
}

const refused = async (shape: readonly number[], request: Asked) => {
  const error: unknown = await explain(shape, request).catch((error: unknown) => error);
  return error instanceof ExplainFault ? error.problem : error;
};

const valuesOf = ({ feature_contributions }: Explained): number[] =>
  feature_contributions.map(({ contribution }) => contribution);

describe("where the background is the instance, nothing contributes", () => {
  const row: Tensor = { type: "float32", dims: [1, 4], data: Float32Array.of(1, -2, 0, 3) };
  test.each(["exact", "kernel", "permutation", "sampling", "gradient", "deep"] as const)(
    "%s",
    async (method) => {
      const options = ["kernel", "permutation", "sampling"].includes(method)
        ? { samples: 100 }
        : {};
      const found = await explain([4], { method, options }, { instance: row, background: row });
      expect(valuesOf(found)).toEqual([0, 0, 0, 0]);
      expect(found.residual).toBeCloseTo(0, 12);
    },
  );
});

describe("a class has to be one that there is", () => {
  test.each([0.5, 2, -1])("%d", async (index) => {
    const problem = { code: "target_unknown", field: "target.class" };
    expect(await refused([4], { method: "deep", class: index })).toMatchObject(problem);
    expect(await refused([4], { method: "kernel", class: index })).toMatchObject(problem);
  });
});

describe("what is wrong is named as the request has it", () => {
  const twice: Asked = { method: "kernel", groups: { g: ["x[0]", "x[0]"] } };
  const grid = { segments: { kind: "grid" } } as const;
  test.each<[readonly number[], Asked, string]>([
    [[4], { method: "permutation", options: { samples: 1 } }, "options.samples"],
    [[4], { method: "gradient", options: { smoothing: -1 } }, "options.smoothing"],
    [[4], { method: "lime", options: { kernel_width: 0 } }, "options.kernel_width"],
    [[4], { method: "kernel", options: { l1: { kind: "lasso", alpha: 0 } } }, "options.l1.alpha"],
    [[1, 8], { method: "kernel", options: { segments: { count: 9 } } }, "options.segments.count"],
    [
      [1, 4, 4],
      { method: "kernel", options: { segments: { ...grid.segments, fill: "interpolate" } } },
      "options.segments.fill",
    ],
    [[4], { method: "counterfactual", options: { target_class: 7 } }, "options.target_class"],
    [[4], { method: "counterfactual", options: { max_epsilon: 0 } }, "options.max_epsilon"],
    [[4], { method: "grad_cam", options: {} }, "method"],
    [[4], { method: "attention", options: {} }, "method"],
    [[4], { method: "tree", options: {} }, "method"],
    [[4], twice, "groups.g"],
  ])("%j %j", async (shape, request, field) => {
    expect(await refused(shape, request)).toMatchObject({ field });
  });
});

describe("more players than a method can hold are refused before anything runs", () => {
  const whole = { segments: { kind: "none" } } as const;
  test.each([
    ["kernel", "options.samples", /group features, or cut the input into segments/],
    ["permutation", "method", /group features, or cut the input into segments/],
    ["lime", "method", /cut the input into segments/],
  ] as const)("%s", async (method, field, message) => {
    const problem = await refused([3, 64, 64], { method, options: whole });
    expect(problem).toMatchObject({ code: "option_invalid", field });
    expect(problem).toHaveProperty("message", expect.stringMatching(message));
  });

  test("and 300 are explained by every one", async () => {
    for (const method of ["kernel", "permutation"] as const) {
      const found = await explain([300], { method });
      expect(found.feature_count).toBe(300);
      expect(Math.abs(found.residual ?? 1)).toBeLessThan(1e-12);
    }
    const { fit } = await explain([300], { method: "lime", options: { samples: 1_000 } });
    expect(fit?.r2).toBeGreaterThan(0);
  });
});
