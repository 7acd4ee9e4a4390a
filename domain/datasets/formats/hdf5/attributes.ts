import { Cursor } from "./cursor.ts";
import { elementCount } from "../tensor-data.ts";
import { readDataspace } from "./dataspace.ts";
import { readDatatype, type Hdf5Type } from "./datatype.ts";
import { decodeElements, type Decoder, type Elements } from "./elements.ts";
import { damaged, tooLarge } from "./hdf5-fault.ts";
import { MOST_LINKS } from "./link.ts";
import { denseMessages } from "./links.ts";
import { MESSAGE, readShared, resolveMessage, type Message } from "./object-header.ts";
import type { Cell } from "../../table.ts";

export type Hdf5Attribute = {
  type: Hdf5Type;
  /** None of a scalar, null of one without a value by its kind. */
  shape: number[] | null;
  /** Its elements, row-major; throws a DatasetFault for a type that cannot be read here. */
  read(): Promise<Elements>;
};

/** The attributes of an object, those in a heap of their own included. */
export async function readAttributes(
  decoder: Decoder,
  messages: readonly Message[],
): Promise<Map<string, Hdf5Attribute>> {
  const { file } = decoder;
  const attributes = new Map<string, Hdf5Attribute>();
  const add = async (bytes: Uint8Array): Promise<void> => {
    if (attributes.size >= MOST_LINKS)
      throw tooLarge(`'${decoder.path}' has more than ${MOST_LINKS} attributes`);
    const [name, attribute] = await readAttribute(decoder, bytes);
    attributes.set(name, attribute);
  };
  for (const message of messages)
    if (message.type === MESSAGE.attribute) await add(await resolveMessage(file, message));
  const info = messages.find(({ type }) => type === MESSAGE.attributeInfo);
  if (info !== undefined)
    for await (const bytes of denseMessages(file, info.bytes, 2, 8)) await add(bytes);
  return attributes;
}

/** Reads an attribute message (section IV.A.2.m). */
async function readAttribute(
  decoder: Decoder,
  bytes: Uint8Array,
): Promise<[string, Hdf5Attribute]> {
  const { file } = decoder;
  const cursor = new Cursor(bytes, `an attribute of '${decoder.path}'`);
  const version = cursor.uint(1);
  if (version < 1 || version > 3) throw damaged(`${cursor.what} has the version ${version}`);
  const flags = version === 1 ? cursor.skip(1) && 0 : cursor.uint(1);
  const [nameSize, typeSize, spaceSize] = [cursor.uint(2), cursor.uint(2), cursor.uint(2)];
  if (version === 3) cursor.skip(1);
  const part = (size: number): Uint8Array => {
    const padded = version === 1 ? Math.ceil(size / 8) * 8 : size;
    return cursor.take(padded).subarray(0, size);
  };
  const name = file.decodeUtf8(new Cursor(part(nameSize), cursor.what).untilZero(), cursor.what);
  const what = `the attribute '${name}' of '${decoder.path}'`;
  const typeBytes = part(typeSize);
  const spaceBytes = part(spaceSize);
  const ownType =
    (flags & 1) === 0 ? typeBytes : await readShared(file, typeBytes, MESSAGE.datatype);
  const ownSpace =
    (flags & 2) === 0 ? spaceBytes : await readShared(file, spaceBytes, MESSAGE.dataspace);
  const type = readDatatype(new Cursor(ownType, what));
  const { shape } = readDataspace(new Cursor(ownSpace, what), file.lengthSize);
  const size = shape === null ? 0 : elementCount(shape) * type.size;
  if (size > cursor.left)
    throw damaged(`${what} should have ${size} bytes, and has ${cursor.left}`);
  const data = cursor.take(size);
  const read = (): Promise<Elements> => decodeElements({ ...decoder, path: what }, type, data);
  return [name, { type, shape, read }];
}

/** The value of an attribute that has one element, null where it has none, several, or one that is no scalar. */
export async function scalarOf(attribute: Hdf5Attribute | undefined): Promise<Cell> {
  if (attribute === undefined || attribute.shape === null || elementCount(attribute.shape) !== 1)
    return null;
  const { type } = attribute;
  if (!["number", "boolean", "enum", "string", "text"].includes(type.kind)) return null;
  const [value] = await attribute.read();
  if (value === undefined) return null;
  return type.kind === "boolean" ? value === 1 : value;
}
