import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readInferBody } from "../../../domain/inference-protocol/infer-envelope.ts";
import type { Signature } from "../../../domain/tensors/tensor.ts";
import { body, decode, decodeJson, encoder, pair } from "./wire-body.ts";

const numbers = { name: "input0", datatype: "UINT32", shape: [2, 2], data: [1, 2, 3, 4] };
const flags = { name: "input1", datatype: "BOOL", shape: [3], data: [true, false, true] };
const feeds = {
  input0: { type: "uint32", dims: [2, 2], data: Uint32Array.of(1, 2, 3, 4) },
  input1: { type: "bool", dims: [3], data: Uint8Array.of(1, 0, 1) },
};

describe("JSON bodies", () => {
  test("flat and nested data read alike; all outputs in JSON by default", () => {
    const nested = {
      ...numbers,
      data: [
        [1, 2],
        [3, 4],
      ],
    };
    for (const first of [numbers, nested])
      expect(decodeJson(pair, { inputs: [first, flags] })).toEqual({
        ok: true,
        value: {
          feeds,
          batch: null,
          outputs: [
            { name: "output0", binary: false },
            { name: "output1", binary: false },
          ],
        },
      });
  });

  test("id, parameters and requested outputs", () => {
    const { bytes } = body({
      id: "42",
      parameters: { unit: "u1", binary_data_output: true },
      inputs: [],
      outputs: [{ name: "output1", parameters: { binary_data: false } }, { name: "output0" }],
    });
    expect(readInferBody(bytes, null)).toEqual({
      ok: true,
      value: {
        id: "42",
        parameters: { unit: "u1", binary_data_output: true },
        inputs: [],
        outputs: [
          { name: "output1", binary: false },
          { name: "output0", binary: true },
        ],
        binaryByDefault: true,
      },
    });
  });

  test("the platform's decoder may stand in for the pure one", () => {
    const { bytes } = body({ id: "né", inputs: [numbers, flags] });
    const platform = new TextDecoder();
    expect(readInferBody(bytes, null, (utf8) => platform.decode(utf8))).toEqual(
      readInferBody(bytes, null),
    );
  });

  test("nulls count as absent", () => {
    const nulls = { id: null, parameters: null, outputs: null };
    const input = { ...numbers, parameters: { binary_data_size: null, binary_data: null } };
    expect(decodeJson(pair, { ...nulls, inputs: [input, { ...flags, parameters: null }] })).toEqual(
      decodeJson(pair, { inputs: [numbers, flags] }),
    );
  });

  test("a row of the wdbc test split", () => {
    const { features }: { features: number[][] } = JSON.parse(
      readFileSync("examples/wdbc/expected.json", "utf8"),
    );
    const [row = []] = features;
    const wdbc: Signature = {
      inputs: [{ name: "features", type: "float32", shape: [null, 30] }],
      outputs: [],
    };
    const input = { name: "features", datatype: "FP32", shape: [1, 30], data: row };
    const expected = { type: "float32", dims: [1, 30], data: Float32Array.from(row) };
    expect(decodeJson(wdbc, { inputs: [input] })).toMatchObject({
      value: { feeds: { features: expected }, batch: 1 },
    });
    const short = { ...input, shape: [1, 29], data: row.slice(1) };
    expect(decodeJson(wdbc, { inputs: [short] })).toMatchObject({
      error: { code: "input_shape", expected: "float32 [?, 30]", found: "[1, 29]" },
    });
  });
});

describe("binary bodies", () => {
  const binary = ({ name, datatype, shape }: typeof numbers | typeof flags, size: number) => ({
    name,
    datatype,
    shape,
    parameters: { binary_data_size: size },
  });
  const integers = new Uint8Array(Uint32Array.of(1, 2, 3, 4).buffer);

  test("tensors follow the JSON in the order of the inputs", () => {
    const sent = body(
      {
        inputs: [binary(flags, 3), binary(numbers, 16)],
        outputs: [{ name: "output0", parameters: { binary_data: true } }],
      },
      Uint8Array.of(1, 0, 1),
      integers,
    );
    expect(decode(pair, sent.bytes, sent.headerLength)).toEqual({
      ok: true,
      value: { feeds, batch: null, outputs: [{ name: "output0", binary: true }] },
    });
  });

  test("binary and JSON inputs mix", () => {
    const sent = body({ inputs: [binary(numbers, 16), flags] }, integers);
    expect(decode(pair, sent.bytes, sent.headerLength)).toMatchObject({ value: { feeds } });
  });

  test.each([0, 1, 2, 3])("an offset of %d bytes does not matter", (offset) => {
    const json = encoder.encode(JSON.stringify({ inputs: [binary(numbers, 16), flags] }));
    const bytes = new Uint8Array(offset + json.length + 16);
    bytes.set(json, offset);
    bytes.set(integers, offset + json.length);
    const read = decode(pair, bytes.subarray(offset), String(json.length));
    expect(read).toMatchObject({ value: { feeds } });
  });

  test.each([
    [[binary(numbers, 17), flags], 16, "input0", "17 bytes after the JSON", "16 bytes"],
    [[binary(numbers, 15), flags], 15, "input0", "a multiple of 4 bytes", "15 bytes"],
    [[binary(numbers, 12), flags], 12, "input0", "4 values for [2, 2]", "3 values"],
    [
      [{ ...numbers, parameters: { binary_data_size: 16 } }, flags],
      16,
      "input0",
      "16 bytes after",
      "data in the JSON as well",
    ],
  ])("sizes that do not add up are refused: %#", (inputs, length, input, expected, found) => {
    const sent = body({ inputs }, new Uint8Array(length));
    expect(decode(pair, sent.bytes, sent.headerLength)).toMatchObject({
      error: { code: "input_shape", input, expected: expect.stringContaining(expected), found },
    });
  });

  test("bytes that no input claims are refused", () => {
    const sent = body({ inputs: [binary(numbers, 16), flags] }, integers, Uint8Array.of(0));
    expect(decode(pair, sent.bytes, sent.headerLength)).toMatchObject({
      error: { code: "request_malformed", path: "inputs", found: "16 bytes" },
    });
  });

  test("a bool byte other than 0 and 1 is refused", () => {
    const sent = body({ inputs: [numbers, binary(flags, 3)] }, Uint8Array.of(1, 2, 0));
    expect(decode(pair, sent.bytes, sent.headerLength)).toMatchObject({
      error: { code: "input_type", input: "input1", path: "[1]", found: "2" },
    });
  });

  test("a string that runs past its tensor is refused", () => {
    const text: Signature = { inputs: [{ name: "t", type: "string", shape: [null] }], outputs: [] };
    const bytes = Uint8Array.of(1, 0, 0, 0, 97, 255, 255, 255, 255, 98);
    const input = {
      name: "t",
      datatype: "BYTES",
      shape: [2],
      parameters: { binary_data_size: bytes.length },
    };
    const sent = body({ inputs: [input] }, bytes);
    expect(decode(text, sent.bytes, sent.headerLength)).toMatchObject({
      error: { code: "input_shape", input: "t", expected: expect.stringContaining("string 1") },
    });
  });

  test.each(["", "-1", "1e1", "0x2", "9999", "1.5", "9".repeat(30)])(
    "the header length %j is refused",
    (headerLength) => {
      expect(decode(pair, body({ inputs: [] }).bytes, headerLength)).toMatchObject({
        error: { code: "request_malformed", path: "Inference-Header-Content-Length" },
      });
    },
  );

  test("a body without its header length says so", () => {
    const sent = body({ inputs: [binary(numbers, 16), flags] }, integers);
    expect(decode(pair, sent.bytes, null)).toMatchObject({
      error: {
        code: "request_malformed",
        expected: expect.stringContaining("Inference-Header-Content-Length"),
      },
    });
  });
});

describe("refusals", () => {
  test.each([
    [[], "", "an object"],
    [null, "", "an object"],
    [{}, "inputs", "an array"],
    [{ id: 4, inputs: [] }, "id", "a string"],
    [{ inputs: [4] }, "inputs[0]", "an object"],
    [{ inputs: [numbers, { ...flags, name: 1 }] }, "inputs[1].name", "a string"],
    [{ inputs: [{ ...numbers, shape: [-1] }] }, "inputs[0].shape", "an array of at most 32"],
    [{ inputs: [{ ...numbers, shape: [1.5] }] }, "inputs[0].shape", "an array of at most 32"],
    [
      { inputs: [{ ...numbers, parameters: { binary_data_size: -1 } }] },
      "inputs[0].parameters.binary_data_size",
      "an integer from 0",
    ],
    [{ inputs: [numbers, numbers] }, "inputs[1].name", "a name used once"],
    [{ inputs: [], parameters: 1 }, "parameters", "an object"],
    [
      { inputs: [], parameters: { binary_data_output: "yes" } },
      "parameters.binary_data_output",
      "true or false",
    ],
    [
      { inputs: [], outputs: [{ name: "a" }, { name: "a" }] },
      "outputs[1].name",
      "a name used once",
    ],
  ])("a body that is not the protocol's: %#", (document, path, expected) => {
    expect(decodeJson(pair, document)).toMatchObject({
      error: { code: "request_malformed", path, expected: expect.stringContaining(expected) },
    });
  });

  test.each([
    [[numbers], { code: "input_missing", input: "input1", expected: "bool [3]" }],
    [[numbers, { ...flags, name: "y" }], { code: "input_unknown", input: "y" }],
    [
      [{ ...numbers, datatype: "FP32" }, flags],
      { code: "input_type", expected: "datatype UINT32", found: 'datatype "FP32"' },
    ],
    [
      [{ ...numbers, shape: [4, 1] }, flags],
      { code: "input_shape", expected: "uint32 [2, 2]", found: "[4, 1]" },
    ],
    [
      [{ ...numbers, data: [1, 2, 3] }, flags],
      { code: "input_shape", expected: "4 values for [2, 2]", found: "3 values" },
    ],
    [
      [{ ...numbers, data: [[1, 2, 3, 4]] }, flags],
      { code: "input_shape", expected: "data of shape [2, 2] or flat", found: "[1, 4]" },
    ],
    [
      [{ ...numbers, data: [1, 2, -3, 4] }, flags],
      { code: "input_type", path: "[2]", found: "-3" },
    ],
    [[{ ...numbers, data: undefined }, flags], { code: "input_shape", found: "nothing" }],
  ])("an input that does not fit: %#", (inputs, problem) => {
    expect(decodeJson(pair, { inputs })).toMatchObject({ ok: false, error: problem });
  });

  test("an output that the model does not have", () => {
    const document = { inputs: [numbers, flags], outputs: [{ name: "logits" }] };
    expect(decodeJson(pair, document)).toEqual({
      ok: false,
      error: {
        code: "output_unknown",
        output: "logits",
        expected: '"output0", "output1"',
        found: '"logits"',
      },
    });
  });
});
