import { describe, expect, test } from "vitest";
import {
  readModel,
  readTensor,
  writeModel,
  writeTensor,
} from "../../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Attribute, AttributeValue, Model, ValueType } from "../../../../domain/onnx/model.ts";
import { OnnxFault } from "../../../../domain/onnx/onnx-fault.ts";
import { elementsOf, storedTensor } from "../../../../domain/onnx/stored-tensor.ts";
import { filledTensor, floatTensor, intTensor } from "../../../../domain/onnx/tensors.ts";
import { deepCopy } from "../../../fixtures/deep-copy.ts";
import { block, float, int, modelBytes, tag, text, varint } from "./wire.ts";

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return "no fault";
  } catch (error) {
    if (error instanceof OnnxFault) return error.problem.code;
    throw error;
  }
};

function network(): Model {
  const b = GraphBuilder.empty();
  let value = b.input("x", "float32", ["batch", 4, null]);
  for (let layer = 0; layer < 3; layer += 1)
    value = b.node(
      "Add",
      [value, b.constant(floatTensor([1], [layer]), `w${layer}`)],
      {},
      { name: `add${layer}` },
    );
  b.output(value, "y");
  return b.model();
}

/** A node with every kind of field, written as other writers may do it. */
const strangeNode = [
  ...text(4, "Strange"),
  ...text(2, "y"),
  ...text(1, "x"),
  ...block(5, ...int(20, 7), ...text(1, "listed"), ...int(8, 3), ...int(8, -2)),
  ...block(5, ...text(1, "packed"), ...block(8, ...varint(3), ...varint(-2)), ...int(20, 7)),
  ...int(99, 12345),
];

describe("a file that is read and written", () => {
  test("unchanged is the same bytes, whatever order and unknown fields it has", () => {
    const bytes = modelBytes(...text(2, "g"), ...block(1, ...strangeNode), ...block(77, 1, 2, 3));
    expect(writeModel(readModel(bytes))).toEqual(bytes);
  });

  test("keeps the unknown fields of a message that changes", () => {
    const model = readModel(modelBytes(...block(1, ...strangeNode)));
    const [node] = model.graph.nodes;
    if (node === undefined) throw new Error("no node");
    const renamed = { ...model, graph: { ...model.graph, nodes: [{ ...node, name: "new" }] } };
    const again = readModel(writeModel(renamed));
    expect(again.graph.nodes[0]).toMatchObject({ name: "new", opType: "Strange", inputs: ["x"] });
    expect([...writeModel(renamed)].join()).toContain(int(99, 12345).join());
  });

  test("after a change of one node has the bytes of all the others", () => {
    const bytes = writeModel(network());
    const model = readModel(bytes);
    const nodes = model.graph.nodes.map((node, index) =>
      index === 1 ? { ...node, name: "changed" } : node,
    );
    const changed = writeModel({ ...model, graph: { ...model.graph, nodes } });
    const back = readModel(changed);
    expect(back.graph.nodes.map(({ name }) => name)).toEqual([
      "add0",
      "changed",
      "add2",
      undefined,
    ]);
    const restored = back.graph.nodes.map((node, index) =>
      index === 1 ? { ...node, name: "add1" } : node,
    );
    expect(writeModel({ ...back, graph: { ...back.graph, nodes: restored } })).toEqual(bytes);
  });

  test("written from a copy is the same bytes, in the order of the field numbers", () => {
    const bytes = writeModel(network());
    expect(writeModel(deepCopy(readModel(bytes)))).toEqual(bytes);
  });

  test("weights are views of the file", () => {
    const bytes = writeModel(network());
    const [stored] = readModel(bytes).graph.initializers;
    expect(stored?.payload).toMatchObject({ field: "raw_data" });
    expect(stored?.payload?.field === "raw_data" && stored.payload.bytes.buffer).toBe(bytes.buffer);
  });

  test("a Node Buffer reads as its bytes do", () => {
    const bytes = writeModel(network());
    expect(readModel(Buffer.from(bytes))).toEqual(readModel(bytes));
  });
});

describe("attributes", () => {
  const values: AttributeValue[] = [
    { kind: "float", value: 0.5 },
    { kind: "int", value: -7 },
    { kind: "int", value: 0 },
    { kind: "string", value: "Größe" },
    { kind: "string", value: "" },
    { kind: "tensor", value: storedTensor("t", intTensor([1, -2])) },
    { kind: "graph", value: { nodes: [], inputs: [], outputs: [], initializers: [] } },
    { kind: "floats", value: [1.5, -2] },
    { kind: "ints", value: [3, -4, 0] },
    { kind: "ints", value: [] },
    { kind: "strings", value: ["a", ""] },
    { kind: "tensors", value: [storedTensor("t", floatTensor([1], [2]))] },
    { kind: "graphs", value: [{ nodes: [], inputs: [], outputs: [], initializers: [] }] },
    { kind: "type", value: { kind: "tensor", elementType: "int8", shape: [2, "n", null] } },
    { kind: "reference", value: "outer", of: 7 },
  ];

  test.each(values)("$kind $value", (value) => {
    const attribute: Attribute = { name: "a", doc: "said of it", ...value };
    const node = { opType: "Op", inputs: [], outputs: [], attributes: [attribute] };
    const graph = { nodes: [node], inputs: [], outputs: [], initializers: [] };
    const model: Model = { irVersion: 8, opsets: [{ version: 17 }], graph };
    expect(readModel(writeModel(model))).toEqual(model);
  });

  const attributeOf = (...content: number[]) =>
    readModel(modelBytes(...block(1, ...text(4, "Op"), ...block(5, ...text(1, "a"), ...content))))
      .graph.nodes[0]?.attributes[0];

  test.each<[string, number[], AttributeValue]>([
    ["a float", [...tag(2, 5), ...float(1.5)], { kind: "float", value: 1.5 }],
    ["an int", int(3, 4), { kind: "int", value: 4 }],
    ["a string", text(4, "s"), { kind: "string", value: "s" }],
    ["floats", block(7, ...float(1), ...float(2)), { kind: "floats", value: [1, 2] }],
    ["ints", int(8, 4), { kind: "ints", value: [4] }],
    ["strings", text(9, "s"), { kind: "strings", value: ["s"] }],
  ])("without a type, as the first files have them: %s", (_, content, value) => {
    expect(attributeOf(...content)).toEqual({ name: "a", ...value });
  });

  test.each([
    ["a string that is no UTF-8", [...block(4, 0xff), ...int(20, 3)]],
    ["strings of which one is none", [...text(9, "a"), ...block(9, 0xff), ...int(20, 8)]],
    ["a sparse tensor", [...block(22, 8, 1), ...int(20, 11)]],
  ])("%s is kept as it is", (_, content) => {
    const kept = [...text(1, "a"), ...content];
    expect(attributeOf(...content)).toEqual({
      name: "a",
      kind: "opaque",
      value: Uint8Array.from(kept),
    });
  });

  test("a value that is missing is said", () => {
    expect(() => attributeOf(...int(20, 4))).toThrow("the attribute 'a' has no value");
  });
});

describe("types", () => {
  const types: ValueType[] = [
    { kind: "tensor", elementType: "float32", shape: null },
    { kind: "tensor", elementType: "float32", shape: [] },
    { kind: "tensor", elementType: "int64", shape: [0, 3, "n", null] },
    { kind: "sequence", of: { kind: "tensor", elementType: "bool", shape: [1] } },
    { kind: "optional", of: { kind: "sequence", of: { kind: "none" } } },
    { kind: "map", key: "int64", of: { kind: "tensor", elementType: "string", shape: null } },
    { kind: "sparse", value: Uint8Array.of(8, 1) },
    { kind: "opaque", value: Uint8Array.of(10, 1, 65) },
    { kind: "none" },
  ];
  test.each(types)("$kind", (type) => {
    const inputs = [{ name: "x", type }];
    const graph = { nodes: [], inputs, outputs: [], initializers: [] };
    const model: Model = { irVersion: 8, opsets: [{ version: 17 }], graph };
    expect(readModel(writeModel(model))).toEqual(model);
  });
});

describe("tensors", () => {
  test("a list of numbers may come packed, one by one, or in pieces", () => {
    const one = [...tag(4, 5), ...float(1)];
    const dims = int(1, 3);
    const forms = [
      block(4, ...float(1), ...float(1), ...float(1)),
      [...one, ...one, ...one],
      [...one, ...block(4, ...float(1), ...float(1))],
    ];
    for (const form of forms)
      expect(elementsOf(readTensor(Uint8Array.from([...dims, ...int(2, 1), ...form])))).toEqual(
        filledTensor("float32", [3], 1),
      );
  });

  test("written and read again", () => {
    const stored = storedTensor("t", intTensor([5, -6, 7]));
    expect(readTensor(writeTensor(stored))).toEqual(stored);
    expect(elementsOf(stored).data).toEqual(BigInt64Array.of(5n, -6n, 7n));
  });

  const head = [...text(8, "w"), ...int(2, 1)];
  test.each<[string, number[], string, string]>([
    ["external data", [...head, ...int(14, 1)], "external_data", "save the model as one file"],
    [
      "a place outside",
      [...head, ...block(13, ...text(1, "location"), ...text(2, "w.bin"))],
      "external_data",
      "'w'",
    ],
    ["segments", [...head, ...block(3, 8, 1)], "unsupported", "segments"],
    [
      "elements twice",
      [...head, ...block(4, ...float(1)), ...block(9, ...float(1))],
      "malformed",
      "elements twice",
    ],
    ["a negative size", [...head, ...int(1, -1)], "malformed", "the dims [-1]"],
    [
      "sizes beyond all memory",
      [...head, ...int(1, 2 ** 40), ...int(1, 2 ** 40)],
      "malformed",
      "the dims",
    ],
    ["an unknown type", int(2, 99), "unsupported", "type 99"],
  ])("%s: refused", (_, bytes, code, message) => {
    const read = () => readTensor(Uint8Array.from(bytes));
    expect(codeOf(read)).toBe(code);
    expect(read).toThrow(message);
  });
});

describe("what is no model", () => {
  test.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(), "it is empty"],
    ["a text", new TextEncoder().encode("PK this is a zip file"), "this is not an ONNX file"],
    ["zeros", new Uint8Array(100), "no field has the number 0"],
    ["no graph", Uint8Array.from(int(1, 8)), "no 'graph'"],
    ["no version", Uint8Array.from(block(7)), "no 'irVersion'"],
    ["a node without an operator", modelBytes(...block(1, ...text(1, "x"))), "no 'opType'"],
    ["two graphs", Uint8Array.from([...int(1, 8), ...block(7), ...block(7)]), "twice"],
    [
      "a number where a message is due",
      Uint8Array.from([...int(1, 8), ...int(7, 1)]),
      "wire type 0",
    ],
  ])("%s", (_, bytes, message) => {
    expect(codeOf(() => readModel(bytes))).toBe("malformed");
    expect(() => readModel(bytes)).toThrow(message);
  });

  test("a file that was cut, wherever", () => {
    const bytes = writeModel(network());
    const codes = new Set(
      Array.from({ length: bytes.length - 1 }, (_, at) =>
        codeOf(() => readModel(bytes.subarray(0, at + 1))),
      ),
    );
    // Cut after a whole field, it may still be a model, of fewer operators.
    expect([...codes].toSorted()).toEqual(["malformed", "no fault"]);
  });

  test("sub-graphs without end", () => {
    let graph: number[] = [];
    for (let depth = 0; depth < 30; depth += 1)
      graph = block(
        1,
        ...text(4, "If"),
        ...block(5, ...text(1, "b"), ...block(6, ...graph), ...int(20, 5)),
      );
    expect(codeOf(() => readModel(modelBytes(...graph)))).toBe("too_large");
  });

  test("more parts than fit, each of two bytes", () => {
    const nodes = Array.from({ length: 300 }, () => text(1, "")).flat();
    const bytes = modelBytes(...block(1, ...text(4, "Op"), ...nodes));
    expect(codeOf(() => readModel(bytes, { depth: 64, parts: 100 }))).toBe("too_large");
    expect(codeOf(() => readModel(bytes, { depth: 64, parts: 1000 }))).toBe("no fault");
  });

  test("one payload in thousands of pieces costs as many parts as joining them costs", () => {
    const pieces = Array.from({ length: 4000 }, () => block(4, ...float(1))).flat();
    const bytes = modelBytes(...block(5, ...int(1, 4000), ...int(2, 1), ...pieces));
    expect(codeOf(() => readModel(bytes))).toBe("too_large");
  });
});
