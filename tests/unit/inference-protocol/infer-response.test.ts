import * as fc from "fast-check";
import { expect, test } from "vitest";
import { elementsFromBytes } from "../../../domain/inference-protocol/binary-tensor.ts";
import { inferBody } from "../../../domain/inference-protocol/infer-response.ts";
import { modelMetadata } from "../../../domain/inference-protocol/model-metadata.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import { anyTypedTensor } from "../tensors/arbitrary-tensor.ts";

const label: Tensor = { type: "int64", dims: [2], data: BigInt64Array.of(1n, 2n ** 60n) };
const scores: Tensor = {
  type: "float32",
  dims: [2, 2],
  data: Float32Array.of(0.25, 0.75, Number.NaN, 1),
};
const model = { modelName: "wdbc", modelVersion: "3" };

test("JSON alone: flat data, and the request's id repeated", () => {
  const { body, headerLength } = inferBody({
    ...model,
    id: "42",
    outputs: [
      { name: "label", tensor: label, binary: false },
      { name: "scores", tensor: scores, binary: false },
    ],
  });
  expect(headerLength).toBeNull();
  expect(JSON.parse(String(body))).toEqual({
    model_name: "wdbc",
    model_version: "3",
    id: "42",
    outputs: [
      { name: "label", datatype: "INT64", shape: [2], data: [1, "1152921504606846976"] },
      { name: "scores", datatype: "FP32", shape: [2, 2], data: [0.25, 0.75, null, 1] },
    ],
  });
});

test("binary outputs follow the JSON, whose length the header gives", () => {
  const outputs = [
    { name: "scores", tensor: scores, binary: true },
    { name: "étiquette", tensor: label, binary: false },
    { name: "again", tensor: label, binary: true },
  ];
  const { body, headerLength } = inferBody({ ...model, parameters: { canary: true }, outputs });
  if (headerLength === null) throw new Error("expected a binary body");
  expect(JSON.parse(new TextDecoder().decode(body.subarray(0, headerLength)))).toMatchObject({
    parameters: { canary: true },
    outputs: [
      { name: "scores", shape: [2, 2], parameters: { binary_data_size: 16 } },
      { name: "étiquette", data: [1, "1152921504606846976"] },
      { name: "again", parameters: { binary_data_size: 16 } },
    ],
  });
  const tail = body.subarray(headerLength);
  expect(elementsFromBytes("float32", tail.subarray(0, 16))).toEqual({
    ok: true,
    value: scores.data,
  });
  expect(elementsFromBytes("int64", tail.subarray(16))).toEqual({ ok: true, value: label.data });
});

test("any tensor comes back from a binary body", () => {
  fc.assert(
    fc.property(anyTypedTensor, (tensor) => {
      const { body, headerLength } = inferBody({
        ...model,
        outputs: [{ name: "y", tensor, binary: true }],
      });
      if (headerLength === null) throw new Error("expected a binary body");
      expect(elementsFromBytes(tensor.type, body.subarray(headerLength))).toEqual({
        ok: true,
        value: tensor.data,
      });
    }),
  );
});

test("metadata names the datatypes and gives -1 for a free size", () => {
  expect(
    modelMetadata("wdbc", ["1", "2"], {
      inputs: [{ name: "x", type: "float32", shape: ["batch", 30] }],
      outputs: [
        { name: "label", type: "int64", shape: [null] },
        { name: "text", type: "string", shape: [] },
      ],
    }),
  ).toEqual({
    name: "wdbc",
    versions: ["1", "2"],
    platform: "onnx_onnxv1",
    inputs: [{ name: "x", datatype: "FP32", shape: [-1, 30] }],
    outputs: [
      { name: "label", datatype: "INT64", shape: [-1] },
      { name: "text", datatype: "BYTES", shape: [] },
    ],
  });
});
