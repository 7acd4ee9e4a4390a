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
    (reader) => reader.inside(codec().read),
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

/** Where a message lies in the file that it was read from. */
type Source = { bytes: Uint8Array; from: number; to: number };

/**
 * Where each message was read from. Messages are immutable, so as long as the object is the same,
 * so are its bytes: what nobody changed is written as it was read, whatever wrote it.
 */
const sources = new WeakMap<object, Source>();

type Fields<T> = { [Name in keyof Required<T>]: Field };

/** The codec of a message with the given fields, by the names of their properties. */
export const message = <T extends object>(fields: Fields<T>): Codec<T> =>
  remembering(transient(fields));

/** A codec whose messages look different in the file: `from` and `to` turn one into the other. */
export function mapped<Raw extends object, T extends object>(
  fields: Fields<Raw>,
  from: (raw: Raw, source: () => Uint8Array) => T,
  to: (value: T) => Raw | Uint8Array,
): Codec<T> {
  const codec = transient(fields);
  return remembering({
    read: (reader) => {
      const start = reader.at;
      const raw = codec.read(reader);
      return from(raw, () => reader.since(start));
    },
    write: (value, writer) => {
      const raw = to(value);
      if (raw instanceof Uint8Array) writer.raw(raw);
      else codec.write(raw, writer);
    },
  });
}

/** Writes a value that was read, and is still the same object, with the bytes it was read from. */
function remembering<T extends object>({ read, write }: Codec<T>): Codec<T> {
  return {
    read: (reader) => {
      const from = reader.at;
      const value = read(reader);
      sources.set(value, { bytes: reader.bytes, from, to: reader.at });
      return value;
    },
    write: (value, writer) => {
      const source = sources.get(value);
      if (source) writer.raw(source.bytes.subarray(source.from, source.to));
      else write(value, writer);
    },
  };
}

/** The codec of a message that is taken apart at once, so that there is nothing to remember. */
export function transient<T extends object>(fields: Fields<T>): Codec<T> {
  const table = Object.entries<Field>(fields);
  const byNumber: ([string, Field] | undefined)[] = [];
  for (const [name, field] of table) byNumber[field.number] = [name, field];
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
      const tag = reader.tag();
      const known = byNumber[Math.floor(tag / 8)];
      if (known === undefined) {
        reader.skip(tag % 8);
        (unknown ??= []).push(reader.since(from));
      } else readField(target, known[0], known[1], tag % 8, reader);
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
  return { read, write };
}

function readField(
  target: Record<string, unknown>,
  name: string,
  field: Field,
  wire: number,
  reader: Reader,
): void {
  if (field.occurs === "packed") {
    if (wire !== field.wire) expectBlock(name, wire);
    const more = wire === field.wire ? reader.skip(wire) : reader.block();
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
  expectBlock(name, wire);
  reader.inside(() => {
    while (!reader.isAtEnd) {
      reader.spend();
      elements.push(field.read(reader));
    }
  });
}

const isList = ({ occurs }: Field): boolean => occurs === "always" || occurs === "absent";

function expectBlock(name: string, wire: number): void {
  if (wire !== WIRE.bytes) throw malformed(`'${name}' has the wire type ${wire}`);
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
