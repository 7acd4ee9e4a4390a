import { expect, test } from "vitest";
import { checkedTensor } from "../../../domain/tensors/checked-tensor.ts";
import type { Tensor, TensorSpec } from "../../../domain/tensors/tensor.ts";

const spec: TensorSpec = { name: "x", type: "float32", shape: ["batch", 2] };
const tensor: Tensor = { type: "float32", dims: [1, 2], data: Float32Array.of(1, 2) };

test("a tensor that fits is passed on as it is", () => {
  const checked = checkedTensor(spec, tensor, new Map());
  expect(checked.ok && checked.value).toBe(tensor);
});

test.each<[string, Partial<Tensor>, object]>([
  ["type", { type: "float64" }, { code: "input_type", expected: "float32", found: "float64" }],
  [
    "dims",
    { dims: [2, 1] },
    { code: "input_shape", expected: "float32 [batch, 2]", found: "[2, 1]" },
  ],
  [
    "count",
    { dims: [2, 2] },
    { code: "input_shape", expected: "4 values for [2, 2]", found: "2 values" },
  ],
])("another %s is refused", (_, change, problem) => {
  expect(checkedTensor(spec, { ...tensor, ...change }, new Map())).toEqual({
    ok: false,
    error: { input: "x", ...problem },
  });
});

test("a bool other than 0 and 1 is refused", () => {
  const flags: TensorSpec = { name: "x", type: "bool", shape: [null] };
  const data = Uint8Array.of(1, 0, 2);
  expect(checkedTensor(flags, { type: "bool", dims: [3], data }, new Map())).toMatchObject({
    error: { code: "input_type", path: "[2]", found: "2" },
  });
});
