import type { Dimension } from "../../tensors/tensor.ts";
import { codeOf, type ValueInfo, type ValueType } from "../model.ts";
import {
  blob,
  child,
  integer,
  list,
  mapped,
  message,
  rareList,
  required,
  text,
  transient,
  type Codec,
} from "./message.ts";
import { property } from "./property-message.ts";
import { typeOfCode } from "./tensor-message.ts";

type DimensionProto = { dim_value?: number; dim_param?: string; denotation?: string };
type ShapeProto = { dim: DimensionProto[] };
type TensorTypeProto = { elem_type?: number; shape?: ShapeProto };
type ElementTypeProto = { elem_type?: ValueType };
type MapTypeProto = { key_type?: number; value_type?: ValueType };
type TypeProto = {
  tensor_type?: TensorTypeProto;
  sequence_type?: ElementTypeProto;
  map_type?: MapTypeProto;
  optional_type?: ElementTypeProto;
  denotation?: string;
  sparse_tensor_type?: Uint8Array;
  opaque_type?: Uint8Array;
};

const dimension = transient<DimensionProto>({
  dim_value: integer(1),
  dim_param: text(2),
  denotation: text(3),
});
const shape = transient<ShapeProto>({ dim: list(child(1, () => dimension)) });
const tensorType = transient<TensorTypeProto>({
  elem_type: integer(1),
  shape: child(2, () => shape),
});
const holder = transient<ElementTypeProto>({ elem_type: child(1, () => type) });
const mapType = transient<MapTypeProto>({ key_type: integer(1), value_type: child(2, () => type) });

export const type: Codec<ValueType> = mapped<TypeProto, ValueType>(
  {
    tensor_type: child(1, () => tensorType),
    sequence_type: child(4, () => holder),
    map_type: child(5, () => mapType),
    denotation: text(6),
    opaque_type: blob(7),
    sparse_tensor_type: blob(8),
    optional_type: child(9, () => holder),
  },
  fromProto,
  toProto,
);

export const valueInfo: Codec<ValueInfo> = message<ValueInfo>({
  name: required(text(1)),
  type: child(2, () => type),
  doc: text(3),
  metadata: rareList(child(4, () => property)),
});

function fromProto(proto: TypeProto): ValueType {
  const { tensor_type, sequence_type, map_type, optional_type } = proto;
  if (tensor_type)
    return {
      kind: "tensor",
      elementType: typeOfCode(tensor_type.elem_type ?? 0),
      shape: tensor_type.shape?.dim.map(dimensionOf) ?? null,
    };
  if (sequence_type) return { kind: "sequence", of: sequence_type.elem_type ?? { kind: "none" } };
  if (optional_type) return { kind: "optional", of: optional_type.elem_type ?? { kind: "none" } };
  if (map_type)
    return {
      kind: "map",
      key: typeOfCode(map_type.key_type ?? 0),
      of: map_type.value_type ?? { kind: "none" },
    };
  if (proto.sparse_tensor_type) return { kind: "sparse", value: proto.sparse_tensor_type };
  return proto.opaque_type ? { kind: "opaque", value: proto.opaque_type } : { kind: "none" };
}

function toProto(value: ValueType): TypeProto {
  switch (value.kind) {
    case "tensor":
      return {
        tensor_type: {
          elem_type: codeOf(value.elementType),
          ...(value.shape === null ? {} : { shape: { dim: value.shape.map(dimensionProto) } }),
        },
      };
    case "sequence":
      return { sequence_type: { elem_type: value.of } };
    case "optional":
      return { optional_type: { elem_type: value.of } };
    case "map":
      return { map_type: { key_type: codeOf(value.key), value_type: value.of } };
    case "sparse":
      return { sparse_tensor_type: value.value };
    case "opaque":
      return { opaque_type: value.value };
    case "none":
      return {};
  }
}

const dimensionOf = ({ dim_value, dim_param }: DimensionProto): Dimension =>
  dim_value ?? (dim_param === undefined || dim_param === "" ? null : dim_param);

function dimensionProto(size: Dimension): DimensionProto {
  if (size === null) return {};
  return typeof size === "number" ? { dim_value: size } : { dim_param: size };
}
