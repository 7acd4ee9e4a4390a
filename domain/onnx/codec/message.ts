import { malformed, WIRE, type Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** How one kind of message is read and written. */
export type Codec<T> = {
  read: (reader: Reader) => T;
  write: (value: T, writer: Writer) => void;
};

/** One field: how an element of it is read after its tag, and written before it. */
type Field = {
  number: number;
  wire: number;
  /**
   * How often: a `required` one is there; an `always` list is [] where the file has none, an `absent` list is then
   * absent; `packed` numbers stay the bytes of one block, however many the file makes of them.
   */
  occurs: "optional" | "required" | "always" | "absent" | "packed";
  read: (reader: Reader) => unknown;
  write: (value: never, writer: Writer) => void;
};

const scalar = (
  number: number,
  wire: number,
  read: Field["read"],
  write: Field["write"],
): Field => ({ number, wire, occurs: "optional", read, write });

export const text = (number: number): Field =>
  scalar(number, WIRE.bytes, readPart, (value: string, writer) => writer.text(value));
export const integer = (number: number): Field =>
  scalar(
    number,
    WIRE.varint,
    (reader) => reader.integer(),
    (value: number, writer) => writer.integer(value),
  );
export const float = (number: number): Field =>
  scalar(
    number,
    WIRE.fixed32,
    (reader) => reader.float32(),
    (value: number, writer) => writer.float32(value),
  );
export const blob = (number: number): Field =>
  scalar(
    number,
    WIRE.bytes,
    (reader) => reader.block(),
    (value: Uint8Array, writer) => writer.raw(value),
  );

/** A message inside; `codec` is a function since messages contain each other. */
export const child = <T>(number: number, codec: () => Codec<T>): Field =>
  scalar(
    number,
    WIRE.bytes,
    (reader) => codec().read(reader.child(reader.block())),
    (value: T, writer) => codec().write(value, writer),
  );

export const required = (field: Field): Field => ({ ...field, occurs: "required" });
export const list = (field: Field): Field => ({ ...field, occurs: "always" });
export const rareList = (field: Field): Field => ({ ...field, occurs: "absent" });
/** Numbers of the given wire type as the bytes that they have side by side. */
export const packed = (number: number, wire: number): Field => ({
  ...blob(number),
  wire,
  occurs: "packed",
});

/** The fields that a message has beyond those of its table, each with its tag, as bytes. */
const UNKNOWN = Symbol("unknown fields");

/**
 * The bytes that a message was read from. Messages are immutable, so as long as the object is the
 * same, so are its bytes: what nobody changed is written as it was read, whatever wrote it.
 */
const sources = new WeakMap<object, Uint8Array>();

/** The codec of a message with the given fields, by the names of their properties. */
export function message<T extends object>(fields: {
  [Name in keyof Required<T>]: Field;
}): Codec<T> {
  const table = Object.entries<Field>(fields);
  const byNumber = new Map(table.map(([name, field]) => [field.number, { name, field }]));
  const descending = table.toSorted(([, a], [, b]) => b.number - a.number);
  const namesOf = (occurs: Field["occurs"]) =>
    table.filter(([, field]) => field.occurs === occurs).map(([name]) => name);
  const lists = namesOf("always");
  const needed = namesOf("required");

  const read = (reader: Reader): T => {
    reader.spend();
    const target: Record<string, unknown> = {};
    for (const name of lists) target[name] = [];
    let unknown: Uint8Array[] | undefined;
    while (!reader.isAtEnd) {
      const from = reader.at;
      const { number, wire } = reader.tag();
      const known = byNumber.get(number);
      if (known === undefined) {
        reader.skip(wire);
        (unknown ??= []).push(reader.bytes.subarray(from, reader.at));
      } else readField(target, known.name, known.field, wire, reader);
    }
    const missing = needed.find((name) => target[name] === undefined);
    if (missing !== undefined) throw malformed(`a part of it has no '${missing}'`);
    if (unknown) Reflect.set(target, UNKNOWN, unknown);
    return target as T;
  };

  const write = (value: T, writer: Writer): void => {
    const unknown = Reflect.get<object, symbol>(value, UNKNOWN) as Uint8Array[] | undefined;
    for (const bytes of unknown?.toReversed() ?? []) writer.raw(bytes);
    for (const [name, field] of descending) {
      const content: unknown = Reflect.get(value, name);
      if (content === undefined) continue;
      const elements = isList(field) ? (content as readonly unknown[]) : [content];
      for (let index = elements.length - 1; index >= 0; index -= 1)
        writeField(field, elements[index], writer);
    }
  };
  return remembering({ read, write });
}

/** A codec whose messages look different in the file: `from` and `to` turn one into the other. */
export function mapped<Raw extends object, T extends object>(
  codec: Codec<Raw>,
  from: (raw: Raw) => T,
  to: (value: T) => Raw,
): Codec<T> {
  return remembering({
    read: (reader) => from(codec.read(reader)),
    write: (value, writer) => codec.write(to(value), writer),
  });
}

/** Writes a value that was read, and is still the same object, with the bytes it was read from. */
export function remembering<T extends object>({ read, write }: Codec<T>): Codec<T> {
  return {
    read: (reader) => {
      const value = read(reader);
      sources.set(value, reader.bytes);
      return value;
    },
    write: (value, writer) => {
      const source = sources.get(value);
      if (source) writer.raw(source);
      else write(value, writer);
    },
  };
}

function readField(
  target: Record<string, unknown>,
  name: string,
  field: Field,
  wire: number,
  reader: Reader,
): void {
  if (field.occurs === "packed") {
    const more = wire === field.wire ? reader.skip(wire) : blockOf(name, wire, reader);
    const before = target[name] as Uint8Array | undefined;
    target[name] = before === undefined ? more : joined(before, more, reader);
    return;
  }
  if (!isList(field)) {
    if (wire !== field.wire) throw malformed(`'${name}' has the wire type ${wire}`);
    if (target[name] !== undefined && wire === WIRE.bytes)
      throw malformed(`'${name}' is there twice in one message`);
    target[name] = field.read(reader);
    return;
  }
  const elements = (target[name] ??= []) as unknown[];
  if (wire === field.wire) {
    reader.spend();
    elements.push(field.read(reader));
    return;
  }
  // A writer may pack the numbers of a list into one block, whatever the definition says.
  const block = reader.child(blockOf(name, wire, reader));
  while (!block.isAtEnd) {
    block.spend();
    elements.push(field.read(block));
  }
}

const isList = ({ occurs }: Field): boolean => occurs === "always" || occurs === "absent";

function blockOf(name: string, wire: number, reader: Reader): Uint8Array {
  if (wire !== WIRE.bytes) throw malformed(`'${name}' has the wire type ${wire}`);
  return reader.block();
}

/** Each piece that comes on its own is counted, since joining copies what came before. */
function joined(before: Uint8Array, more: Uint8Array, reader: Reader): Uint8Array {
  reader.spend(1 + before.length / 64);
  const both = new Uint8Array(before.length + more.length);
  both.set(before);
  both.set(more, before.length);
  return both;
}

function writeField(field: Field, value: unknown, writer: Writer): void {
  const before = writer.length;
  const wire = field.occurs === "packed" ? WIRE.bytes : field.wire;
  field.write(value as never, writer);
  if (wire === WIRE.bytes) writer.integer(writer.length - before);
  writer.tag(field.number, wire);
}

function readPart(reader: Reader): string {
  reader.spend();
  return reader.text();
}
