import { countOf } from "../../tensors/tensor.ts";
import {
  codeOf,
  ONNX_TYPES,
  type OnnxType,
  type Payload,
  type Property,
  type StoredTensor,
} from "../model.ts";
import { OnnxFault } from "../onnx-fault.ts";
import {
  blob,
  child,
  integer,
  list,
  mapped,
  packed,
  rareList,
  text,
  type Codec,
} from "./message.ts";
import { property } from "./property-message.ts";
import { malformed, WIRE } from "./reader.ts";

/** `onnx.TensorProto`, by the names that onnx.proto has for its fields. */
type TensorProto = {
  dims: number[];
  data_type?: number;
  segment?: Uint8Array;
  float_data?: Uint8Array;
  int32_data?: Uint8Array;
  string_data?: Uint8Array[];
  int64_data?: Uint8Array;
  name?: string;
  raw_data?: Uint8Array;
  double_data?: Uint8Array;
  uint64_data?: Uint8Array;
  doc?: string;
  external_data?: Property[];
  data_location?: number;
  metadata?: Property[];
};

const EXTERNAL = 1;

const NUMERIC_FIELDS = [
  "raw_data",
  "float_data",
  "double_data",
  "int32_data",
  "int64_data",
  "uint64_data",
] as const;

export const tensor: Codec<StoredTensor> = mapped<TensorProto, StoredTensor>(
  {
    dims: list(integer(1)),
    data_type: integer(2),
    segment: blob(3),
    float_data: packed(4, WIRE.fixed32),
    int32_data: packed(5, WIRE.varint),
    string_data: rareList(blob(6)),
    int64_data: packed(7, WIRE.varint),
    name: text(8),
    raw_data: blob(9),
    double_data: packed(10, WIRE.fixed64),
    uint64_data: packed(11, WIRE.varint),
    doc: text(12),
    external_data: rareList(child(13, () => property)),
    data_location: integer(14),
    metadata: rareList(child(16, () => property)),
  },
  fromProto,
  toProto,
);

function fromProto(proto: TensorProto): StoredTensor {
  const { dims, name, doc, metadata } = proto;
  const place = name === undefined ? {} : { tensor: name };
  if (proto.data_location === EXTERNAL || proto.external_data !== undefined)
    throw new OnnxFault(
      "external_data",
      `the elements of '${name ?? ""}' lie in another file; save the model as one file`,
      place,
    );
  if (proto.segment !== undefined)
    throw new OnnxFault("unsupported", `'${name ?? ""}' is stored in segments`, place);
  if (dims.some((size) => size < 0) || !Number.isSafeInteger(countOf(dims)))
    throw new OnnxFault(
      "malformed",
      `'${name ?? ""}' has the dims [${dims.slice(0, 8).join(", ")}]`,
      place,
    );
  const payload = payloadOf(proto);
  return {
    type: typeOfCode(proto.data_type ?? 0),
    dims,
    ...(name === undefined ? {} : { name }),
    ...(payload === undefined ? {} : { payload }),
    ...(doc === undefined ? {} : { doc }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function payloadOf(proto: TensorProto): Payload | undefined {
  const filled = NUMERIC_FIELDS.filter((field) => proto[field] !== undefined);
  const [field] = filled;
  if (filled.length + (proto.string_data === undefined ? 0 : 1) > 1)
    throw malformed(`the tensor '${proto.name ?? ""}' has its elements twice`);
  if (proto.string_data !== undefined) return { field: "string_data", strings: proto.string_data };
  const bytes = field === undefined ? undefined : proto[field];
  return field === undefined || bytes === undefined ? undefined : { field, bytes };
}

function toProto({ type, dims, name, payload, doc, metadata }: StoredTensor): TensorProto {
  const elements: Partial<TensorProto> =
    payload === undefined
      ? {}
      : payload.field === "string_data"
        ? { string_data: [...payload.strings] }
        : { [payload.field]: payload.bytes };
  return {
    dims: [...dims],
    data_type: codeOf(type),
    ...elements,
    ...(name === undefined ? {} : { name }),
    ...(doc === undefined ? {} : { doc }),
    ...(metadata === undefined ? {} : { metadata: [...metadata] }),
  };
}

export function typeOfCode(code: number): OnnxType {
  const type = ONNX_TYPES[code];
  if (type === undefined)
    throw new OnnxFault("unsupported", `no version of ONNX that is known here has type ${code}`);
  return type;
}
