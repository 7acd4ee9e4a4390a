import type { Field } from "../../schema.ts";
import { utf8Encode } from "../../../text/utf8.ts";
import { elementCount } from "../tensor-data.ts";
import { DAYS, MICROSECONDS, PLACE } from "./conventions.ts";
import { MESSAGE } from "./object-header.ts";
import { Structure, UNDEFINED } from "./structure.ts";
import { SIGNATURE } from "./superblock.ts";
import { dataspaceMessage, datatypeMessage, fixedTextType, MEDIA_TYPES } from "./write-types.ts";

const GROUP_INFO = 0x0a;

type Messages = [type: number, bytes: Uint8Array][];

/** A second-version object header (section IV.A.1.b). */
function objectHeader(messages: Messages): Uint8Array {
  const body = new Structure();
  for (const [type, bytes] of messages)
    body.uint(type, 1).uint(bytes.length, 2).uint(0, 1).bytes(bytes);
  // The flags say that the size takes four bytes.
  const header = new Structure().text("OHDR").raw(2, 2).uint(body.length, 4);
  return header.bytes(body.finish()).summed();
}

/** Where an array's elements lie. */
export type WrittenLayout = {
  shape: readonly number[];
  elementSize: number;
  chunkRows: number;
  /** Of the tree of its chunks, or of all its elements where they are one chunk; null where there are none. */
  address: number | null;
  isTree: boolean;
};

/** `place` is the column's number among the columns. */
export function datasetHeader(
  field: Field,
  place: number,
  type: Uint8Array,
  layout: WrittenLayout,
): Uint8Array {
  return objectHeader([
    [MESSAGE.dataspace, dataspaceMessage(layout.shape)],
    [MESSAGE.datatype, type],
    // Space is made as chunks come, and elements that were never written are zeros.
    [MESSAGE.fillValue, new Structure().raw(3, 0x0b).finish()],
    [MESSAGE.layout, layoutMessage(layout)],
    ...attributesOf(field, place).map((bytes): Messages[number] => [MESSAGE.attribute, bytes]),
  ]);
}

/** Section IV.A.2.i, version 3. */
function layoutMessage({
  shape,
  elementSize,
  chunkRows,
  address,
  isTree,
}: WrittenLayout): Uint8Array {
  const message = new Structure().raw(3);
  if (!isTree || address === null) {
    const size = address === null ? 0 : elementCount(shape) * elementSize;
    return message
      .raw(1)
      .address(address ?? UNDEFINED)
      .uint(size, 8)
      .finish();
  }
  message
    .raw(2, shape.length + 1)
    .address(address)
    .uint(chunkRows, 4);
  for (const size of shape.slice(1)) message.uint(size, 4);
  return message.uint(elementSize, 4).finish();
}

/** What HDF5 has no types for, and what people want to know of a column. */
function attributesOf(
  { type, shape, unit, sampling_rate_hz, description }: Field,
  place: number,
): Uint8Array[] {
  const times = { date: DAYS, timestamp: MICROSECONDS };
  const units = type === "date" || type === "timestamp" ? times[type] : unit;
  const mediaType = shape === undefined ? MEDIA_TYPES[type] : undefined;
  const number = new Structure().uint(place, 4).finish();
  const attributes = [attribute(PLACE, datatypeMessage("uint32"), number)];
  if (units !== undefined) attributes.push(textAttribute("units", units));
  if (mediaType !== undefined) attributes.push(textAttribute("media_type", mediaType));
  if (description !== undefined) attributes.push(textAttribute("description", description));
  if (sampling_rate_hz !== undefined) {
    const value = new Uint8Array(Float64Array.of(sampling_rate_hz).buffer);
    attributes.push(attribute("sampling_rate_hz", datatypeMessage("float64"), value));
  }
  return attributes;
}

function textAttribute(name: string, text: string): Uint8Array {
  const value = utf8Encode(text);
  // A type has at least one byte.
  const bytes = value.length === 0 ? new Uint8Array(1) : value;
  return attribute(name, fixedTextType(bytes.length), bytes);
}

/** Section IV.A.2.m, version 3. */
function attribute(name: string, type: Uint8Array, value: Uint8Array): Uint8Array {
  const encoded = utf8Encode(name);
  const space = dataspaceMessage([]);
  const message = new Structure().raw(3, 0).uint(encoded.length + 1, 2);
  message.uint(type.length, 2).uint(space.length, 2).raw(1);
  return message.bytes(encoded).raw(0).bytes(type).bytes(space).bytes(value).finish();
}

/** A group whose members are in the order of their creation. */
export function groupHeader(members: readonly { name: string; address: number }[]): Uint8Array {
  const info = new Structure().raw(0, 1).uint(members.length, 8);
  return objectHeader([
    [MESSAGE.linkInfo, info.address(UNDEFINED).address(UNDEFINED).finish()],
    [GROUP_INFO, new Structure().raw(0, 0).finish()],
    ...members.map(({ name, address }, order): Messages[number] => {
      const encoded = utf8Encode(name);
      // The order and the character set follow, and the name's length takes two bytes.
      const link = new Structure().raw(1, 0x15).uint(order, 8).raw(1).uint(encoded.length, 2);
      return [MESSAGE.link, link.bytes(encoded).address(address).finish()];
    }),
  ]);
}

export const SUPERBLOCK_SIZE = 48;

/** Section II.A, version 2. */
export const superblock = (root: number, end: number): Uint8Array =>
  new Structure()
    .bytes(SIGNATURE)
    .raw(2, 8, 8, 0)
    .address(0)
    .address(UNDEFINED)
    .address(end)
    .address(root)
    .summed();
