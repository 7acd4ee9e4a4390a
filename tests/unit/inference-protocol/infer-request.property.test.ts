import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tensorToBytes } from "../../../domain/inference-protocol/binary-tensor.ts";
import { DATATYPES } from "../../../domain/inference-protocol/datatypes.ts";
import { ELEMENT_TYPES, type Signature, type Tensor } from "../../../domain/tensors/tensor.ts";
import { jsonElements, tensorToNested } from "../../../domain/tensors/to-nested.ts";
import { anyTensor, anyTypedTensor, asJsonKeeps } from "../tensors/arbitrary-tensor.ts";
import { body, decode, decodeJson, pair } from "./wire-body.ts";

const signatureOf = (tensor: Tensor): Signature => ({
  inputs: [{ name: "x", type: tensor.type, shape: tensor.dims.map(() => null) }],
  outputs: [],
});
const inputOf = (tensor: Tensor) => ({
  name: "x",
  datatype: DATATYPES[tensor.type],
  shape: tensor.dims,
});

describe("round trips", () => {
  test.each(ELEMENT_TYPES)("%s in JSON, flat and nested", (type) => {
    fc.assert(
      fc.property(anyTensor(type), fc.boolean(), (tensor, nest) => {
        // Only a nest without empty parts shows its whole shape.
        const nested = nest && tensor.dims.length > 0 && tensor.data.length > 0;
        const data = nested ? tensorToNested(tensor) : jsonElements(tensor);
        const read = decodeJson(signatureOf(tensor), { inputs: [{ ...inputOf(tensor), data }] });
        expect(read).toMatchObject({ value: { feeds: { x: asJsonKeeps(tensor) } } });
      }),
    );
  });

  test.each(ELEMENT_TYPES)("%s in binary", (type) => {
    fc.assert(
      fc.property(anyTensor(type), (tensor) => {
        const bytes = tensorToBytes(tensor);
        const parameters = { binary_data_size: bytes.length };
        const sent = body({ inputs: [{ ...inputOf(tensor), parameters }] }, bytes);
        const read = decode(signatureOf(tensor), sent.bytes, sent.headerLength);
        expect(read).toMatchObject({ value: { feeds: { x: tensor } } });
      }),
    );
  });
});

describe("hostile bodies get an answer, never a throw", () => {
  const anyLength = fc.option(fc.oneof(fc.nat(200).map(String), fc.string()));

  test("random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), anyLength, (bytes, length) => {
        expect(decode(pair, bytes, length)).toHaveProperty("ok");
      }),
      { numRuns: 1000 },
    );
  });

  test("random JSON where the protocol has fields", () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const input = fc.record(
      {
        name: fc.oneof(fc.constantFrom("input0", "input1", "__proto__"), value),
        datatype: fc.oneof(fc.constantFrom("UINT32", "BOOL"), value),
        shape: fc.oneof(fc.array(fc.integer({ min: -1, max: 3 })), value),
        parameters: fc.oneof(fc.record({ binary_data_size: value }), value),
        data: value,
      },
      { requiredKeys: ["name"] },
    );
    const document = fc.record(
      { id: value, parameters: value, inputs: fc.array(input), outputs: value },
      { requiredKeys: ["inputs"] },
    );
    fc.assert(
      fc.property(document, fc.uint8Array(), (sent, tail) => {
        const { bytes, headerLength } = body(sent, tail);
        expect(decode(pair, bytes, headerLength)).toHaveProperty("ok");
      }),
      { numRuns: 1000 },
    );
  });

  test("valid binary requests with bytes changed, cut or added", () => {
    const change = fc.record({ at: fc.nat(), value: fc.nat(255) });
    const plan = fc.record({
      tensor: anyTypedTensor,
      changes: fc.array(change, { maxLength: 4 }),
      length: fc.integer({ min: -8, max: 8 }),
    });
    fc.assert(
      fc.property(plan, ({ tensor, changes, length }) => {
        const chunk = tensorToBytes(tensor);
        const parameters = { binary_data_size: chunk.length };
        const sent = body({ inputs: [{ ...inputOf(tensor), parameters }] }, chunk);
        const bytes = new Uint8Array(sent.bytes.length + length);
        bytes.set(sent.bytes.subarray(0, bytes.length));
        for (const { at, value } of changes) bytes[at % bytes.length] = value;
        const read = decode(signatureOf(tensor), bytes, sent.headerLength);
        expect(read).toHaveProperty("ok");
        if (changes.length === 0) expect(read.ok).toBe(length === 0);
      }),
      { numRuns: 2000 },
    );
  });
});
