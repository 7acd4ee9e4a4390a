import type { Attribute, AttributeValue, Graph, StoredTensor, ValueType } from "../model.ts";
import { utf8Encode } from "../../text/utf8.ts";
import {
  blob,
  child,
  float,
  integer,
  mapped,
  rareList,
  required,
  text,
  type Codec,
} from "./message.ts";
import { malformed, readText } from "./reader.ts";
import { tensor } from "./tensor-message.ts";
import { type } from "./type-message.ts";

/** `onnx.AttributeProto`, by the names that onnx.proto has for its fields. */
type AttributeProto = {
  name: string;
  f?: number;
  i?: number;
  s?: Uint8Array;
  t?: StoredTensor;
  g?: Graph;
  floats?: readonly number[];
  ints?: readonly number[];
  strings?: readonly Uint8Array[];
  tensors?: readonly StoredTensor[];
  graphs?: readonly Graph[];
  doc?: string;
  tp?: ValueType;
  type_protos?: Uint8Array[];
  type?: number;
  ref_attr_name?: string;
  sparse_tensor?: Uint8Array;
  sparse_tensors?: Uint8Array[];
};

/** `onnx.AttributeProto.AttributeType` */
const CODE = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  type: 13,
} as const satisfies Partial<Record<AttributeValue["kind"], number>>;

/** Attributes hold graphs, whose nodes have attributes. */
export const attributeCodec = (graph: () => Codec<Graph>): Codec<Attribute> =>
  mapped<AttributeProto, Attribute>(
    {
      name: required(text(1)),
      f: float(2),
      i: integer(3),
      s: blob(4),
      t: child(5, () => tensor),
      g: child(6, graph),
      floats: rareList(float(7)),
      ints: rareList(integer(8)),
      strings: rareList(blob(9)),
      tensors: rareList(child(10, () => tensor)),
      graphs: rareList(child(11, graph)),
      doc: text(13),
      tp: child(14, () => type),
      type_protos: rareList(blob(15)),
      type: integer(20),
      ref_attr_name: text(21),
      sparse_tensor: blob(22),
      sparse_tensors: rareList(blob(23)),
    },
    fromProto,
    (value) => (value.kind === "opaque" ? value.value : toProto(value)),
  );

function fromProto(proto: AttributeProto, source: () => Uint8Array): Attribute {
  const { name, doc } = proto;
  const value = valueOf(proto) ?? { kind: "opaque", value: source() };
  return doc === undefined ? { name, ...value } : { name, doc, ...value };
}

/** Null for what is kept as bytes. Files of the first version of ONNX do not say the type. */
function valueOf(proto: AttributeProto): AttributeValue | null {
  if (proto.ref_attr_name !== undefined)
    return { kind: "reference", value: proto.ref_attr_name, of: proto.type ?? 0 };
  switch (proto.type ?? codeByContent(proto)) {
    case CODE.float:
      return { kind: "float", value: proto.f ?? 0 };
    case CODE.int:
      return { kind: "int", value: proto.i ?? 0 };
    case CODE.string: {
      const value = readText(proto.s ?? new Uint8Array());
      return value === undefined ? null : { kind: "string", value };
    }
    case CODE.tensor:
      return { kind: "tensor", value: present(proto.t, proto) };
    case CODE.graph:
      return { kind: "graph", value: present(proto.g, proto) };
    case CODE.floats:
      return { kind: "floats", value: proto.floats ?? [] };
    case CODE.ints:
      return { kind: "ints", value: proto.ints ?? [] };
    case CODE.strings: {
      const texts = proto.strings?.map((bytes) => readText(bytes)) ?? [];
      const value = texts.filter((one) => one !== undefined);
      return value.length < texts.length ? null : { kind: "strings", value };
    }
    case CODE.tensors:
      return { kind: "tensors", value: proto.tensors ?? [] };
    case CODE.graphs:
      return { kind: "graphs", value: proto.graphs ?? [] };
    case CODE.type:
      return { kind: "type", value: present(proto.tp, proto) };
    default:
      return null;
  }
}

function codeByContent(proto: AttributeProto): number {
  if (proto.f !== undefined) return CODE.float;
  if (proto.i !== undefined) return CODE.int;
  if (proto.s !== undefined) return CODE.string;
  if (proto.t !== undefined) return CODE.tensor;
  if (proto.g !== undefined) return CODE.graph;
  if (proto.floats !== undefined) return CODE.floats;
  if (proto.strings !== undefined) return CODE.strings;
  return CODE.ints;
}

function present<T>(value: T | undefined, { name }: AttributeProto): T {
  if (value === undefined) throw malformed(`the attribute '${name}' has no value`);
  return value;
}

function toProto(value: Exclude<Attribute, { kind: "opaque" }>): AttributeProto {
  const { name, doc } = value;
  return {
    name,
    ...(doc === undefined ? {} : { doc }),
    ...contentOf(value),
    type: value.kind === "reference" ? value.of : CODE[value.kind],
  };
}

function contentOf(
  attribute: Exclude<AttributeValue, { kind: "opaque" }>,
): Partial<AttributeProto> {
  switch (attribute.kind) {
    case "float":
      return { f: attribute.value };
    case "int":
      return { i: attribute.value };
    case "string":
      return { s: utf8Encode(attribute.value) };
    case "tensor":
      return { t: attribute.value };
    case "graph":
      return { g: attribute.value };
    case "floats":
      return { floats: attribute.value };
    case "ints":
      return { ints: attribute.value };
    case "strings":
      return { strings: attribute.value.map((one) => utf8Encode(one)) };
    case "tensors":
      return { tensors: attribute.value };
    case "graphs":
      return { graphs: attribute.value };
    case "type":
      return { tp: attribute.value };
    case "reference":
      return { ref_attr_name: attribute.value };
  }
}
