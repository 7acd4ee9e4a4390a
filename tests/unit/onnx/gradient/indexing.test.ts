import { describe, expect, test } from "vitest";
import { differentiate } from "../../../../domain/onnx/gradient/differentiate.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { numbers, type Numbers } from "../../../../domain/onnx/interpret/array.ts";
import { countOf } from "../../../../domain/tensors/tensor.ts";
import { checkGradient } from "../support/gradient-check.ts";
import { apart, normals, randomOf, SEED } from "../support/random-numbers.ts";

const random = randomOf("indexing");
const between = (low: number, high: number): number => low + random.integer(high - low + 1);
const dimsOf = (rank: number): number[] => Array.from({ length: rank }, () => between(2, 4));
const rounds = [0, 1, 2];

/** Random indices from -size to size - 1. */
const indicesOf = (dims: readonly number[], size: number): Numbers =>
  numbers(
    "int64",
    dims,
    Array.from({ length: countOf(dims) }, () => between(-size, size - 1)),
  );

/** Random distinct indices along an axis. */
function distinct(size: number, count: number): number[] {
  return Array.from({ length: size }, (_, at) => at)
    .map((at) => [random.uniform(), at] as const)
    .toSorted(([a], [b]) => a - b)
    .slice(0, count)
    .map(([, at]) => at);
}

describe.each([false, true])("gradients of joining and cutting, symbolic batch: %s", (symbolic) => {
  test.each([0, 1, -1])("Concat along %i, one tensor twice", (axis) => {
    checkGradient({
      name: `Concat ${axis} ${symbolic}`,
      inputs: { x: normals(random, [2, 3]), y: normals(random, [2, 3]) },
      build: (b) => b.node("Concat", ["x", "y", "x"], { axis }),
      symbolic,
    });
  });

  test.each(rounds)("Split in uneven parts, one of them unused, %i", (round) => {
    const sizes = [between(1, 3), between(1, 3), between(1, 3)];
    const total = sizes.reduce((sum, size) => sum + size, 0);
    checkGradient({
      name: `Split ${round} ${symbolic}`,
      inputs: { x: normals(random, [2, total]) },
      build: (b) => {
        const [, second = "", third = ""] = b.nodes("Split", ["x", b.ints(sizes)], 3, { axis: 1 });
        return b.node("Concat", [third, second], { axis: -1 });
      },
      symbolic,
    });
  });

  test.each([
    [0, 2, 1],
    [1, 2 ** 31 - 1, 1],
    [-1, -(2 ** 31), -1],
    [0, 4, 2],
    [3, 0, -2],
    [1, 1, 1],
    [-3, -1, 1],
  ])("Slice from %i to %i by %i along both axes", (start, end, step) => {
    checkGradient({
      name: `Slice ${start} ${end} ${step} ${symbolic}`,
      inputs: { x: normals(random, [4, 5, 2]) },
      build: (b) =>
        b.node("Slice", [
          "x",
          b.ints([start, start]),
          b.ints([end, end]),
          b.ints([-2, 0]),
          b.ints([step, step]),
        ]),
      symbolic,
    });
  });

  test("Slice without axes and steps", () => {
    checkGradient({
      name: `Slice plain ${symbolic}`,
      inputs: { x: normals(random, [3, 4]) },
      build: (b) => b.node("Slice", ["x", b.ints([0, 1]), b.ints([3, -1])]),
      symbolic,
    });
  });

  test.each(["constant", "reflect", "edge", "wrap"])("Pad, %s", (mode) => {
    for (const pads of [
      [0, 1, 0, 2],
      [1, 2, 1, 0],
    ])
      checkGradient({
        name: `Pad ${mode} ${pads.join()} ${symbolic}`,
        inputs: { x: normals(random, [3, 4]) },
        build: (b) => b.node("Pad", ["x", b.ints(pads)], { mode }),
        symbolic,
      });
  });

  test("Pad along chosen axes that also cuts, and its value", () => {
    checkGradient({
      name: `Pad axes ${symbolic}`,
      inputs: { x: normals(random, [3, 4, 2]), value: normals(random, []) },
      build: (b) => b.node("Pad", ["x", b.ints([-1, 2, 1, -1]), "value", b.ints([1, -1])]),
      symbolic,
    });
  });

  test("Trilu and ReverseSequence", () => {
    for (const [upper, k] of [
      [0, 0],
      [1, 1],
      [0, -1],
    ] as const)
      checkGradient({
        name: `Trilu ${upper} ${k} ${symbolic}`,
        inputs: { x: normals(random, [2, 3, 4]) },
        build: (b) => b.node("Trilu", ["x", b.scalar(k, "int64")], { upper }),
        symbolic,
      });
    checkGradient({
      name: `ReverseSequence ${symbolic}`,
      inputs: { x: normals(random, [3, 4]) },
      build: (b) =>
        b.node("ReverseSequence", ["x", b.ints([1, 4, 3])], { batch_axis: 0, time_axis: 1 }),
      symbolic,
    });
  });

  test.each(["DCR", "CRD"])("DepthToSpace, %s, and back", (mode) => {
    checkGradient({
      name: `DepthToSpace ${mode} ${symbolic}`,
      inputs: { x: normals(random, [2, 8, 2, 3]) },
      build: (b) => b.node("DepthToSpace", ["x"], { blocksize: 2, mode }),
      symbolic,
    });
    checkGradient({
      name: `SpaceToDepth ${symbolic}`,
      inputs: { x: normals(random, [1, 3, 4, 2]) },
      build: (b) => b.node("SpaceToDepth", ["x"], { blocksize: 2 }),
      symbolic,
    });
  });
});

test("Slice whose bounds are inputs", () => {
  checkGradient({
    name: "Slice by inputs",
    inputs: {
      x: normals(random, [4, 5]),
      starts: numbers("int32", [2], [1, -1]),
      ends: numbers("int32", [2], [4, 0]),
      steps: numbers("int32", [2], [1, -2]),
    },
    build: (b) => {
      const axes = b.constant({ type: "int32", dims: [2], data: Int32Array.of(0, 1) });
      return b.node("Slice", ["x", "starts", "ends", axes, "steps"]);
    },
    with_respect_to: ["x"],
  });
});

test("Pad whose pads are an input", () => {
  for (const mode of ["constant", "reflect"])
    checkGradient({
      name: `Pad by an input ${mode}`,
      inputs: { x: normals(random, [3, 4]), pads: numbers("int64", [4], [1, 0, 2, 3]) },
      build: (b) => b.node("Pad", ["x", "pads"], { mode }),
      with_respect_to: ["x"],
      symbolic: mode === "reflect",
    });
});

describe.each([false, true])("gradients of gathering, symbolic batch: %s", (symbolic) => {
  test.each([[[]], [[4]], [[2, 3]], [[1, 2, 2]]])("Gather with indices of shape %j", (shape) => {
    const dims = dimsOf(3);
    for (const axis of [0, 1, -1])
      checkGradient({
        name: `Gather ${shape.join()} ${axis} ${symbolic}`,
        inputs: { x: normals(random, dims) },
        build: (b) => {
          const { data } = indicesOf(shape, dims.at(axis) ?? 1);
          const indices = b.constant({
            type: "int64",
            dims: shape,
            data: BigInt64Array.from(data, BigInt),
          });
          return b.node("Gather", ["x", indices], { axis });
        },
        symbolic,
      });
  });

  test.each(rounds)("GatherElements at random indices, %i", (round) => {
    const dims = dimsOf(3);
    for (const axis of [0, 1, -1])
      checkGradient({
        name: `GatherElements ${round} ${axis} ${symbolic}`,
        inputs: {
          x: normals(random, dims),
          indices: indicesOf(
            dims.with(axis, 3).map((size, at) => (at === 2 ? size - 1 : size)),
            dims.at(axis) ?? 1,
          ),
        },
        build: (b) => b.node("GatherElements", ["x", "indices"], { axis }),
        with_respect_to: ["x"],
        symbolic: symbolic && axis !== 0,
      });
  });

  test.each([
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 1],
    [1, 2],
    [2, 1],
  ])("GatherND with %i batch axes and %i indexed ones", (batch_dims, depth) => {
    const dims = dimsOf(4);
    const outer = batch_dims === 0 ? [3, 2] : [...dims.slice(0, batch_dims), 3];
    const rows = Array.from({ length: countOf(outer) }, () =>
      Array.from(
        { length: depth },
        (_, at) => indicesOf([1], dims[batch_dims + at] ?? 1).data[0] ?? 0,
      ),
    );
    const indices = numbers("int64", [...outer, depth], rows.flat());
    checkGradient({
      name: `GatherND ${batch_dims} ${depth} ${symbolic}`,
      inputs: { x: normals(random, dims), indices },
      build: (b) => b.node("GatherND", ["x", "indices"], { batch_dims }),
      with_respect_to: ["x"],
      symbolic: symbolic && batch_dims > 0,
    });
  });

  test.each([0, 1])("Compress along %i and of all elements", (axis) => {
    const condition = numbers("bool", [3], [1, 0, 1]);
    for (const attributes of [{ axis }, {}])
      checkGradient({
        name: `Compress ${"axis" in attributes ? axis : "all"} ${symbolic}`,
        inputs: { x: normals(random, [3, 4]) },
        build: (b) => {
          const kept = b.constant({
            type: "bool",
            dims: [3],
            data: Uint8Array.from(condition.data),
          });
          return b.node("Compress", ["x", kept], attributes);
        },
        symbolic,
      });
  });

  test.each([0, 1, -1])("TopK along %i", (axis) => {
    for (const largest of [0, 1])
      checkGradient({
        name: `TopK ${axis} ${largest} ${symbolic}`,
        inputs: { x: apart(random, [3, 4, 3]) },
        build: (b) => {
          const [values = ""] = b.nodes("TopK", ["x", b.ints([2])], 2, { axis, largest });
          return values;
        },
        symbolic,
      });
  });
});

describe("gradients of scattering", () => {
  test.each(["none", "add"])("ScatterElements, %s", (reduction) => {
    for (const axis of [0, -1]) {
      const indices = [0, 1].flatMap(() => distinct(4, 2));
      const dims = axis === 0 ? [4, 3] : [3, 4];
      const along = axis === 0 ? [2, 2] : [2, 2];
      const placed = axis === 0 ? [indices[0], indices[2], indices[1], indices[3]] : indices;
      checkGradient({
        name: `ScatterElements ${reduction} ${axis}`,
        inputs: {
          x: normals(random, dims),
          indices: numbers("int64", along, placed.map(Number)),
          updates: normals(random, along),
        },
        build: (b) => b.node("ScatterElements", ["x", "indices", "updates"], { axis, reduction }),
        with_respect_to: ["x", "updates"],
      });
    }
  });

  test.each(["none", "add"])("ScatterND, %s", (reduction) => {
    const indices = distinct(5, 2);
    checkGradient({
      name: `ScatterND ${reduction}`,
      inputs: {
        x: normals(random, [5, 2, 3]),
        indices: numbers("int64", [2, 1], indices),
        updates: normals(random, [2, 2, 3]),
      },
      build: (b) => b.node("ScatterND", ["x", "indices", "updates"], { reduction }),
      with_respect_to: ["x", "updates"],
    });
  });

  test("another reduction is named as what stands in the way", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [3]);
    b.input("indices", "int64", [1]);
    b.input("updates", "float32", [1]);
    const y = b.node("ScatterElements", ["x", "indices", "updates"], { reduction: "max" });
    b.output(y);
    expect(() => differentiate(b.model(), { of: y, with_respect_to: ["x"] })).toThrow(
      /ScatterElements .*reduction 'max'/,
    );
  });

  test(`OneHot gives its values the sums, SEED=${SEED}`, () => {
    checkGradient({
      name: "OneHot",
      inputs: { values: normals(random, [2]), indices: indicesOf([2, 3], 4) },
      build: (b) => b.node("OneHot", ["indices", b.scalar(4, "int64"), "values"], { axis: 1 }),
      with_respect_to: ["values"],
    });
  });
});
