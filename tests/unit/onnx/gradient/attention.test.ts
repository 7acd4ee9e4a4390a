import { describe, expect, test } from "vitest";
import { differentiate, gradientName } from "../../../../domain/onnx/gradient/differentiate.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import {
  filled,
  isNumbers,
  numbers,
  toTensor,
  type Numbers,
} from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import { checkGradient, type GradientCase } from "../support/gradient-check.ts";
import { normals, randomOf } from "../support/random-numbers.ts";
import { runOnWasm } from "../support/wasm-runtime.ts";

const random = randomOf("attention");
const [BATCH, QUERIES, KEYS, SIZE, VALUE_SIZE] = [2, 3, 4, 2, 3];

type Attributes = Record<string, number>;

/** Queries of `groups` heads for each of two heads of keys and values, packed into three axes or not. */
function attention(
  attributes: Attributes,
  {
    groups = 1,
    isPacked = false,
    mask,
  }: { groups?: number; isPacked?: boolean; mask?: Numbers } = {},
): GradientCase {
  const heads = (count: number, length: number, size: number): Numbers =>
    normals(random, isPacked ? [BATCH, length, count * size] : [BATCH, count, length, size]);
  const packed = isPacked ? { q_num_heads: 2 * groups, kv_num_heads: 2 } : {};
  const described = mask ? `mask ${mask.type} ${mask.dims.join("x")}` : "no mask";
  return {
    name: `Attention ${JSON.stringify({ ...attributes, ...packed })} groups ${groups} ${described}`,
    inputs: {
      q: heads(2 * groups, QUERIES, SIZE),
      k: heads(2, KEYS, SIZE),
      v: heads(2, KEYS, VALUE_SIZE),
      ...(mask ? { mask } : {}),
    },
    build: (b) =>
      b.node("Attention", ["q", "k", "v", ...(mask ? ["mask"] : [])], { ...attributes, ...packed }),
  };
}

/** At least one key is left to each query. */
const boolMask = (dims: readonly number[]): Numbers =>
  filled("bool", dims, (index) => (index % KEYS === 0 || random.uniform() < 0.5 ? 1 : 0));

function rotary(attributes: Attributes, dims: number[], turned: number): GradientCase {
  const angles = normals(random, [5, turned / 2]);
  const positions = numbers(
    "int64",
    [BATCH, 3],
    Array.from({ length: BATCH * 3 }, () => random.integer(5)),
  );
  return {
    name: `RotaryEmbedding ${JSON.stringify(attributes)} of ${dims.join("x")}`,
    inputs: {
      x: normals(random, dims),
      cosines: { ...angles, data: angles.data.map(Math.cos) },
      sines: { ...angles, data: angles.data.map(Math.sin) },
      positions,
    },
    with_respect_to: ["x"],
    build: (b) => b.node("RotaryEmbedding", ["x", "cosines", "sines", "positions"], attributes),
  };
}

const CASES: GradientCase[] = [
  attention({}),
  attention({ scale: 0.7, is_causal: 1 }),
  attention({ softcap: 1.5 }, { groups: 2 }),
  attention({ is_causal: 1 }, { groups: 2, isPacked: true }),
  attention({}, { isPacked: true, mask: normals(random, [QUERIES, KEYS]) }),
  attention({}, { groups: 2, mask: normals(random, [BATCH, 4, QUERIES, KEYS]) }),
  attention({}, { groups: 2, mask: normals(random, [4, QUERIES, KEYS]) }),
  attention({}, { groups: 3, mask: normals(random, [BATCH, 1, QUERIES, KEYS]) }),
  attention({ is_causal: 1 }, { mask: boolMask([BATCH, 1, QUERIES, KEYS]) }),
  attention({}, { groups: 2, isPacked: true, mask: boolMask([QUERIES, KEYS]) }),
  rotary({}, [BATCH, 2, 3, 4], 4),
  rotary({ interleaved: 1, rotary_embedding_dim: 4 }, [BATCH, 2, 3, 6], 4),
  rotary({ num_heads: 2 }, [BATCH, 3, 8], 4),
];

describe("gradients of attention", () => {
  for (const gradientCase of CASES)
    test(gradientCase.name, () => {
      checkGradient(gradientCase);
    });

  test("a free batch", () => {
    checkGradient({ ...attention({ is_causal: 1 }, { groups: 2 }), symbolic: true });
    checkGradient({ ...attention({}, { groups: 2, isPacked: true }), symbolic: true });
  });

  test("a query to which a bool mask leaves no key has no gradient", () => {
    const mask = filled("bool", [QUERIES, KEYS], (index) => (index < KEYS ? 0 : 1));
    const { inputs, build } = attention({}, { mask });
    const b = GraphBuilder.empty();
    for (const [name, { type, dims }] of Object.entries(inputs)) b.input(name, type, dims);
    const of = build(b);
    const gradient = differentiate(b.model(), { of, with_respect_to: ["q", "v"] });
    const found = interpret(gradient, inputs);
    const dq = found[gradientName("q")] as Numbers;
    expect(dq.data.slice(0, SIZE)).toEqual(new Float64Array(SIZE));
    expect(dq.data.every(Number.isFinite)).toBe(true);
    // Two queries are left, whose probabilities of all keys are 1 together.
    const dv = found[gradientName("v")] as Numbers;
    const total = dv.data.reduce((sum, value) => sum + value, 0);
    expect(total).toBeCloseTo(BATCH * 2 * 2 * VALUE_SIZE);
  });

  test.each([
    [["past", "past"], {}, /a cache of keys and values/],
    [[], { left_window_size: 1 }, /'left_window_size'/],
  ] as const)("what is not covered is named: %j %j", (past, attributes, message) => {
    const b = GraphBuilder.empty();
    for (const name of ["q", "k", "v", "past"]) b.input(name, "float32", [1, 1, 2, 2]);
    const of = b.node("Attention", ["q", "k", "v", "", ...past], attributes);
    expect(() => differentiate(b.model(), { of, with_respect_to: ["q"] })).toThrow(message);
  });
});

describe("gradients of attention on ONNX Runtime", () => {
  for (const gradientCase of CASES)
    test(gradientCase.name, async () => {
      const inputs = Object.fromEntries(
        Object.entries(gradientCase.inputs).map(([name, value]) => [
          name,
          value.type === "float64" ? { ...value, type: "float32" as const } : value,
        ]),
      );
      const b = GraphBuilder.empty(23);
      for (const [name, { type, dims }] of Object.entries(inputs)) b.input(name, type, dims);
      const of = b.output(gradientCase.build(b));
      const with_respect_to = gradientCase.with_respect_to ?? ["q", "k", "v"];
      const model = differentiate(b.model(), { of, with_respect_to, keep_outputs: true });
      const expected = interpret(model, inputs);
      const found = await runOnWasm(
        model,
        Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, toTensor(value)])),
      );
      for (const [name, value] of Object.entries(expected)) {
        if (!isNumbers(value)) throw new Error(name);
        const data = Array.from<unknown, number>(found[name]?.data ?? [], Number);
        const worst = Math.max(...value.data.map((x, at) => Math.abs(x - (data[at] ?? NaN))));
        expect(worst, name).toBeLessThan(2e-5 * Math.max(1, ...value.data.map(Math.abs)));
      }
    });
});
