import { DatasetFault } from "../../dataset-fault.ts";
import { MOST_COLUMNS } from "../../schema-rules/check-schema.ts";
import type { TextDecoding } from "../text/decoder.ts";
import { malformed, WIRE, type WireReader } from "./wire-reader.ts";

/** A value takes many times its byte in memory. */
const MOST_TEXTS = 65_536;
const MOST_NUMBERS = 4_194_304;

/** What one record says under a name; a feature without a list is null. */
export type Feature =
  | { kind: "bytes"; values: Uint8Array[] }
  | { kind: "float"; values: Float32Array }
  | { kind: "int64"; values: BigInt64Array }
  | null;

/**
 * The features of a tf.train.Example by name (tensorflow/core/example/{example,feature}.proto).
 * Where a name comes twice, the last counts, as protobuf has it for maps.
 */
export function readExample(
  example: WireReader,
  decoding: TextDecoding,
): ReadonlyMap<string, Feature> {
  const features = new Map<string, Feature>();
  while (example.next()) {
    if (example.field === 2 && example.wire === WIRE.bytes)
      throw new DatasetFault(
        "file_unsupported",
        "the records are tf.train.SequenceExample, which is not read: write tf.train.Example",
      );
    if (example.field !== 1) {
      example.skip();
      continue;
    }
    const entries = example.inside();
    while (entries.next())
      if (entries.field === 1) readEntry(entries.inside(), features, decoding);
      else entries.skip();
  }
  return features;
}

function readEntry(
  entry: WireReader,
  features: Map<string, Feature>,
  decoding: TextDecoding,
): void {
  let name = "";
  let feature: Feature = null;
  while (entry.next()) {
    if (entry.field === 1) {
      const { block } = entry.inside();
      name = decoding.text(block, 0, block.length, 0);
    } else if (entry.field === 2) feature = readFeature(entry.inside());
    else entry.skip();
  }
  features.set(name, feature);
  if (features.size > MOST_COLUMNS)
    throw new DatasetFault("file_unsupported", `a record has more than ${MOST_COLUMNS} features`);
}

function readFeature(reader: WireReader): Feature {
  let feature: Feature = null;
  while (reader.next()) {
    if (reader.field === 1) feature = { kind: "bytes", values: readTexts(reader.inside()) };
    else if (reader.field === 2) feature = { kind: "float", values: readFloats(reader.inside()) };
    else if (reader.field === 3) feature = { kind: "int64", values: readLongs(reader.inside()) };
    else reader.skip();
  }
  return feature;
}

function readTexts(list: WireReader): Uint8Array[] {
  const values: Uint8Array[] = [];
  while (list.next()) {
    if (list.field !== 1) list.skip();
    else if (values.push(list.inside().block) > MOST_TEXTS) throw tooMany(MOST_TEXTS);
  }
  return values;
}

/** Packed, as writers of today have it, or each with a tag of its own. */
function readFloats(list: WireReader): Float32Array {
  const values: number[] = [];
  let packed: Float32Array | undefined;
  while (list.next()) {
    if (list.field !== 1) list.skip();
    else if (list.wire === WIRE.bytes) packed = joined(packed, floatsOf(list.inside().block));
    else {
      const from = list.at;
      list.skip();
      if (list.wire !== WIRE.fixed32) throw malformed("a float has another wire type");
      values.push(...floatsOf(list.bytes.subarray(from, list.at)));
      if (values.length > MOST_NUMBERS) throw tooMany(MOST_NUMBERS);
    }
  }
  return packed ? joined(packed, Float32Array.from(values)) : Float32Array.from(values);
}

function floatsOf(bytes: Uint8Array): Float32Array {
  if (bytes.length % 4 !== 0) throw malformed("a list of floats ends within one");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float32Array.from({ length: bytes.length / 4 }, (_, at) => view.getFloat32(at * 4, true));
}

function joined(first: Float32Array | undefined, second: Float32Array): Float32Array {
  if (!first) return second;
  const all = new Float32Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

function readLongs(list: WireReader): BigInt64Array {
  let values = new BigInt64Array(8);
  let count = 0;
  const add = (value: bigint): void => {
    if (count === MOST_NUMBERS) throw tooMany(MOST_NUMBERS);
    if (count === values.length) {
      const longer = new BigInt64Array(count * 2);
      longer.set(values);
      values = longer;
    }
    values[count++] = value;
  };
  while (list.next()) {
    if (list.field !== 1) list.skip();
    else if (list.wire === WIRE.varint) add(list.long());
    else {
      const packed = list.inside();
      while (packed.at < packed.end) add(packed.long());
    }
  }
  return values.slice(0, count);
}

const tooMany = (most: number): DatasetFault =>
  new DatasetFault("file_too_large", `a feature has more than ${most} values`);
