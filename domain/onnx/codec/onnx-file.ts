import { OnnxFault } from "../onnx-fault.ts";
import type { Graph, LocalFunction, Model, Node, Opset, Property, StoredTensor } from "../model.ts";
import { attributeCodec } from "./attribute-message.ts";
import {
  blob,
  child,
  integer,
  list,
  message,
  rareList,
  required,
  text,
  type Codec,
} from "./message.ts";
import { property } from "./property-message.ts";
import { READ_LIMITS, type ReadLimits } from "./read-limits.ts";
import { malformed, Reader } from "./reader.ts";
import { tensor } from "./tensor-message.ts";
import { valueInfo } from "./type-message.ts";
import { Writer } from "./writer.ts";

/** What protobuf itself allows for a file. */
const MAX_FILE_BYTES = 2 ** 31 - 1;

const opset: Codec<Opset> = message<Opset>({ domain: text(1), version: required(integer(2)) });

const attribute = attributeCodec(() => graph);

const node: Codec<Node> = message<Node>({
  inputs: list(text(1)),
  outputs: list(text(2)),
  name: text(3),
  opType: required(text(4)),
  attributes: list(child(5, () => attribute)),
  doc: text(6),
  domain: text(7),
  overload: text(8),
  metadata: rareList(child(9, () => property)),
  deviceConfigurations: rareList(blob(10)),
});

const graph: Codec<Graph> = message<Graph>({
  nodes: list(child(1, () => node)),
  name: text(2),
  initializers: list(child(5, () => tensor)),
  doc: text(10),
  inputs: list(child(11, () => valueInfo)),
  outputs: list(child(12, () => valueInfo)),
  valueInfo: rareList(child(13, () => valueInfo)),
  quantizationAnnotations: rareList(blob(14)),
  sparseInitializers: rareList(blob(15)),
  metadata: rareList(child(16, () => property)),
});

const localFunction: Codec<LocalFunction> = message<LocalFunction>({
  name: required(text(1)),
  inputs: list(text(4)),
  outputs: list(text(5)),
  attributeNames: rareList(text(6)),
  nodes: list(child(7, () => node)),
  doc: text(8),
  opsets: list(child(9, () => opset)),
  domain: text(10),
  attributeDefaults: rareList(child(11, () => attribute)),
  valueInfo: rareList(child(12, () => valueInfo)),
  overload: text(13),
  metadata: rareList(child(14, () => property)),
});

const model: Codec<Model> = message<Model>({
  irVersion: required(integer(1)),
  producerName: text(2),
  producerVersion: text(3),
  domain: text(4),
  modelVersion: integer(5),
  doc: text(6),
  graph: required(child(7, () => graph)),
  opsets: list(child(8, () => opset)),
  metadata: rareList(child(14, () => property)),
  trainingInfo: rareList(blob(20)),
  functions: rareList(child(25, () => localFunction)),
  deviceConfigurations: rareList(blob(26)),
});

/**
 * Reads the bytes of an ONNX file. The weights stay where they are: they are views of `bytes`,
 * which is not to be changed afterwards. Throws `OnnxFault` (malformed, too_large, external_data);
 * whether the model obeys ONNX's rules is for `checkModel` to say.
 */
export function readModel(bytes: Uint8Array, limits: ReadLimits = READ_LIMITS): Model {
  if (bytes.length > MAX_FILE_BYTES)
    throw new OnnxFault("too_large", "an ONNX file has at most 2 GB; larger weights lie outside");
  if (bytes.length === 0) throw malformed("it is empty");
  return model.read(Reader.of(plain(bytes), limits));
}

const metadataOnly = message<Pick<Model, "metadata">>({
  metadata: rareList(child(14, () => property)),
});

/** The metadata properties of an ONNX file, of which nothing else is looked at. Throws `OnnxFault` (malformed). */
export const readMetadata = (bytes: Uint8Array): readonly Property[] =>
  metadataOnly.read(Reader.of(plain(bytes), READ_LIMITS)).metadata ?? [];

/** The views of a Node Buffer are Buffers too, which take longer to make and are equal to nothing else. */
const plain = ({ buffer, byteOffset, length }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, length);

/** The bytes of an ONNX file. A model that `readModel` gave and nobody changed is the same bytes. */
export function writeModel(value: Model): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  model.write(value, writer);
  return writer.finish();
}

/** Reads an `onnx.TensorProto`, the content of the `.pb` files beside ONNX's test models. */
export function readTensor(bytes: Uint8Array): StoredTensor {
  return tensor.read(Reader.of(plain(bytes), READ_LIMITS));
}

export function writeTensor(value: StoredTensor): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  tensor.write(value, writer);
  return writer.finish();
}
