import { describe, expect, test } from "vitest";
import { ONNX_TYPES } from "../../../domain/onnx/model.ts";
import {
  NEWEST_OPSETS,
  schemaOf,
  versionsOf,
} from "../../../domain/onnx/registry/operator-schema.ts";
import { OPERATOR_TABLE } from "../../../domain/onnx/registry/operator-table.ts";

const operators = OPERATOR_TABLE.trim()
  .split("\n")
  .filter((line) => !line.startsWith(" "));

describe("the operators of ONNX", () => {
  test("are all there, with every version", () => {
    expect(operators).toHaveLength(227);
    expect(operators.flatMap(versionsOf)).toHaveLength(659);
  });

  test("a version holds until the next", () => {
    expect([6, 7, 10, 11, 12, 13, 20].map((opset) => schemaOf("", "Clip", opset)?.since)).toEqual([
      6, 6, 6, 11, 12, 13, 13,
    ]);
    expect(schemaOf("", "Attention", 22)).toBeNull();
    expect(schemaOf("ai.onnx", "Attention", 23)?.since).toBe(23);
    expect(schemaOf("ai.onnx.ml", "Scaler", 3)?.since).toBe(1);
    expect(schemaOf("", "Scaler", 3)).toBeNull();
    expect(schemaOf("", "Upsample", 10)).toMatchObject({ since: 10, deprecated: true });
  });

  test("no operator has a version that its set does not have", () => {
    for (const operator of operators) {
      const dot = operator.lastIndexOf(".");
      const newest = NEWEST_OPSETS.get(dot === -1 ? "" : operator.slice(0, dot)) ?? 0;
      const versions = versionsOf(operator).map(({ since }) => since);
      expect(versions.every((since) => since >= 1 && since <= newest)).toBe(true);
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    }
  });

  test("have inputs, outputs and attributes that are read from the table in full", () => {
    for (const operator of operators)
      for (const { inputs, outputs, attributes, deprecated } of versionsOf(operator)) {
        if (deprecated) continue;
        expect(outputs.list.length, operator).toBeGreaterThan(0);
        for (const { name, types } of [...inputs.list, ...outputs.list]) {
          expect(name, operator).toMatch(/^\w+$/);
          expect(types.size, `${operator} ${name}`).toBeGreaterThan(0);
        }
        for (const [name, { kind }] of attributes) {
          expect(name, operator).toMatch(/^\w+$/);
          expect(kind, operator).toMatch(
            /^(?:floats?|ints?|strings?|tensor|sparse_tensor|graph|type)$/,
          );
        }
      }
  });
});

describe("a schema", () => {
  test("of Conv", () => {
    const conv = schemaOf("", "Conv", 13);
    expect(conv?.inputs).toMatchObject({
      least: 2,
      most: 3,
      list: [
        { name: "X", optional: false, variable: "T" },
        { name: "W", optional: false, variable: "T" },
        { name: "B", optional: true, variable: "T" },
      ],
    });
    expect([...(conv?.inputs.list[0]?.types ?? [])]).toEqual(["float16", "float32", "float64"]);
    expect(Object.fromEntries(conv?.attributes ?? [])).toMatchObject({
      auto_pad: { kind: "string", required: false, default: "NOTSET" },
      group: { kind: "int", default: 1 },
      strides: { kind: "ints", required: false },
    });
  });

  test("of what repeats", () => {
    expect(schemaOf("", "Concat", 13)).toMatchObject({
      inputs: { least: 1, most: Infinity },
      attributes: new Map([["axis", { kind: "int", required: true }]]),
    });
    // Each of Loop's carried values may have a type of its own.
    const loop = schemaOf("", "Loop", 13)?.inputs;
    expect(loop).toMatchObject({ least: 2, most: Infinity });
    expect(loop?.list.map(({ variable }) => variable)).toEqual(["I", "B", null]);
  });

  test("of what is no tensor", () => {
    const [input] = schemaOf("", "SequenceAt", 11)?.inputs.list ?? [];
    expect([...(input?.types ?? [])]).toEqual(["sequence"]);
  });

  test("of what a later version says only in part", () => {
    const [older, newer] = [schemaOf("", "Relu", 6), schemaOf("", "Relu", 14)];
    expect(newer?.outputs.list[0]?.name).toBe(older?.outputs.list[0]?.name);
    expect(older?.inputs.list[0]?.types.has("int8")).toBe(false);
    expect(newer?.inputs.list[0]?.types.has("int8")).toBe(true);
    expect(schemaOf("", "Identity", 28)?.inputs.list[0]?.types.size).toBeGreaterThan(
      ONNX_TYPES.length - 3,
    );
  });
});
