import { test } from "vitest";
import type { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { numbers, type Numbers } from "../../../../domain/onnx/interpret/array.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { apart, normals, randomOf } from "../support/random-numbers.ts";
import { checkOnWasm } from "../support/wasm-check.ts";

const random = randomOf("moving on wasm");
const ints = (dims: readonly number[], values: readonly number[]): Numbers =>
  numbers("int64", dims, values);
const OPEN = 2 ** 31 - 1;

/** Every kind of graph that the rules for shapes, indices and images emit, for each profile. */
const CASES: Record<string, (b: GraphBuilder) => string> = {
  "Gather along the first axis": (b) => b.node("Gather", ["x", b.ints([1, -1, 1])], { axis: 0 }),
  "Gather along an inner axis": (b) => b.node("Gather", ["x", b.scalar(-1, "int64")], { axis: 2 }),
  GatherElements: (b) => b.node("GatherElements", ["x", "indices"], { axis: 1 }),
  GatherND: (b) =>
    b.node("GatherND", ["x", b.node("Reshape", ["indices", b.ints([2, 2, 1])])], { batch_dims: 1 }),
  "GatherND of two axes": (b) => b.node("GatherND", ["x", "indices"]),
  ScatterElements: (b) =>
    b.node("ScatterElements", ["x", "indices", "y"], { axis: 1, reduction: "add" }),
  "Slice by steps": (b) =>
    b.node("Slice", [
      "x",
      b.ints([OPEN, 0]),
      b.ints([-OPEN, OPEN]),
      b.ints([3, 0]),
      b.ints([-2, 1]),
    ]),
  "Slice of a batch": (b) => b.node("Slice", ["x", b.ints([1]), b.ints([OPEN]), b.ints([0])]),
  "Pad, constant": (b) => b.node("Pad", ["x", b.ints([1, -1, 0, 2]), "", b.ints([3, 1])]),
  "Pad, reflect": (b) =>
    b.node("Pad", ["x", b.ints([0, 0, 1, 2, 0, 0, 0, 1])], { mode: "reflect" }),
  "Pad, wrap": (b) => b.node("Pad", ["x", b.ints([0, 0, 2, 0, 1, 0, 0, 3])], { mode: "wrap" }),
  "Split and Concat": (b) => {
    const [first = "", second = ""] = b.nodes("Split", ["x", b.ints([1, 2])], 2, { axis: 3 });
    return b.node("Concat", [second, first, second], { axis: 3 });
  },
  Tile: (b) => b.node("Tile", ["x", b.ints([2, 1, 3, 1])]),
  TopK: (b) => b.nodes("TopK", ["x", b.ints([2])], 2, { axis: 1 })[0] ?? "",
  DepthToSpace: (b) => b.node("DepthToSpace", ["x"], { blocksize: 2, mode: "CRD" }),
  "Resize, cubic": (b) =>
    b.node("Resize", ["x", "", b.constant(floatTensor([2], [1.5, 0.5]))], {
      mode: "cubic",
      axes: [2, 3],
    }),
  "Resize, nearest along every axis": (b) =>
    b.node("Resize", ["x", "", "", b.ints([3, 3, 5])], { axes: [1, 2, 3] }),
  "GridSample at the edge": (b) =>
    b.node("GridSample", ["x", "grid"], { mode: "linear", padding_mode: "border" }),
  CenterCropPad: (b) => b.node("CenterCropPad", ["x", b.ints([5, 2])], { axes: [2, 3] }),
};

test.each(Object.keys(CASES))("%s", async (name) => {
  const build = CASES[name];
  if (build === undefined) throw new Error("no case");
  await checkOnWasm({
    name,
    inputs: {
      x: apart(random, [2, 4, 2, 3]),
      y: normals(random, [2, 2, 1, 1]),
      grid: normals(random, [2, 1, 3, 2]),
      indices:
        name.startsWith("Gather") && name.includes("ND")
          ? ints([2, 2], [1, -1, 0, 2])
          : ints([2, 2, 1, 1], [3, -1, 0, 2]),
    },
    build,
    with_respect_to: ["x", "y", "grid"],
    // `native` is emitted as `wasm` is.
    profiles: ["wasm", "webgpu"],
    symbolic: true,
  });
});
