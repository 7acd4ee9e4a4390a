import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { Platform } from "../platform.ts";
import { decompress } from "./codecs.ts";
import { readPlain, readValues, type Values } from "./encodings.ts";
import { damagedPage, readHybrid } from "./packed-bits.ts";
import { readPageHeader, type PageHeader } from "./footer.ts";
import type { Page, PageShelf } from "./page-shelf.ts";
import type { SchemaNode } from "./schema-tree.ts";

const LARGEST_PAGE = 16 * 2 ** 20;
const MOST_ENTRIES = 2 ** 22;
const LARGEST_HEADER = 4 * 2 ** 20;

/** Where the pages of one leaf in one row group lie in the file. */
export type PageChunk = {
  node: SchemaNode;
  /** As a person knows it. */
  column: string;
  codec: number;
  from: number;
  to: number;
  /** Bytes read at once. */
  readAhead: number;
};

/** Where a page begins and ends, and how many rows it has where that is known without decoding it. */
export type PagePlace = {
  at: number;
  body: number;
  next: number;
  header: PageHeader;
  rows: number | null;
};

const sizeOf = (values: Values): number =>
  values.kind === "bytes"
    ? values.bytes.length + values.starts.byteLength + values.ends.byteLength
    : values.data.byteLength;

const countOf = (values: Values): number =>
  values.kind === "bytes" ? values.starts.length : values.data.length;

function countedEntries(declared: number | undefined): number {
  if (declared === undefined || declared < 0)
    throw damagedPage("it does not say how many values it has");
  if (declared > MOST_ENTRIES)
    throw new DatasetFault(
      "file_too_large",
      `a page of the Parquet file has ${declared} values, at most ${MOST_ENTRIES} are read; write it with smaller pages`,
    );
  return declared;
}

function joinBytes(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

const bitsFor = (level: number): number => 32 - Math.clz32(level);

/** Reads the pages of one leaf in one row group, in any order. */
export class PageReader {
  readonly chunk: PageChunk;
  readonly #source: ByteSource;
  readonly #platform: Platform;
  readonly #shelf: PageShelf;
  #window: Uint8Array = new Uint8Array(0);
  #windowAt = 0;

  constructor(source: ByteSource, platform: Platform, shelf: PageShelf, chunk: PageChunk) {
    this.chunk = chunk;
    this.#source = source;
    this.#platform = platform;
    this.#shelf = shelf;
  }

  /** Damaged chunks may lie over each other, so that a place alone does not tell whose page it is. */
  #key(at: number): string {
    return `${this.chunk.node.firstLeaf}:${at}`;
  }

  /** Bytes of the chunk, fewer where it ends. What was read ahead is not read again. */
  async #bytes(at: number, wanted: number): Promise<Uint8Array> {
    const end = Math.min(at + wanted, this.chunk.to);
    const held = this.#window.subarray(Math.max(at - this.#windowAt, 0));
    if (at < this.#windowAt || at + held.length < end) {
      const kept = at < this.#windowAt ? new Uint8Array(0) : held;
      const from = at + kept.length;
      const length = Math.min(Math.max(end - from, this.chunk.readAhead), this.chunk.to - from);
      const read = await this.#source.read(from, length);
      this.#window = kept.length === 0 ? read : joinBytes(kept, read);
      this.#windowAt = at;
    }
    return this.#window.subarray(at - this.#windowAt, end - this.#windowAt);
  }

  /** The page that begins at this byte. */
  async place(at: number): Promise<PagePlace> {
    if (at >= this.chunk.to) throw damagedPage("its column ends before its last row");
    let bytes = await this.#bytes(at, 1024);
    let read: ReturnType<typeof readPageHeader> | undefined;
    while (read === undefined) {
      try {
        read = readPageHeader(bytes);
      } catch (error) {
        // Statistics in a header may be long texts.
        const longer = await this.#bytes(at, Math.min(bytes.length * 16, LARGEST_HEADER));
        if (longer.length <= bytes.length) throw error;
        bytes = longer;
      }
    }
    const { header, length } = read;
    const { compressed = -1, uncompressed = -1 } = header;
    const body = at + length;
    if (compressed < 0 || uncompressed < 0 || compressed > this.chunk.to - body)
      throw damagedPage(`it should have ${compressed} bytes, beyond the end of its column`);
    if (compressed > LARGEST_PAGE || uncompressed > LARGEST_PAGE)
      throw new DatasetFault(
        "file_too_large",
        `a page of the column ${this.chunk.column} has ${Math.max(compressed, uncompressed)} bytes, at most ${LARGEST_PAGE} are read; write it with smaller pages or row groups`,
        { field: this.chunk.column },
      );
    return { at, body, next: body + compressed, header, rows: this.#rows(header) };
  }

  #rows({ data, dataV2 }: PageHeader): number | null {
    if (dataV2 !== undefined) return countedEntries(dataV2.rows);
    if (data === undefined) return 0;
    return this.chunk.node.depth === 0 ? countedEntries(data.values) : null;
  }

  async page(place: PagePlace): Promise<Page> {
    const known = this.#shelf.get(this.#key(place.at));
    if (known !== undefined) return known;
    const bytes = await this.#bytes(place.body, place.next - place.body);
    const page =
      place.header.dataV2 === undefined
        ? await this.#version1(place.header, bytes)
        : await this.#version2(place.header, bytes);
    this.#shelf.put(this.#key(place.at), page);
    return page;
  }

  async #version1(header: PageHeader, bytes: Uint8Array): Promise<Page> {
    const { node, codec } = this.chunk;
    const unpacked = decompress(codec, bytes, header.uncompressed ?? 0, this.#platform);
    const entries = countedEntries(header.data?.values);
    const from = { bytes: unpacked, at: 0 };
    const levels = (most: number, encoding: number | undefined): Uint8Array | null => {
      if (most === 0) return null;
      if (encoding !== undefined && encoding !== 3)
        throw new DatasetFault(
          "file_unsupported",
          "levels in the deprecated BIT_PACKED encoding are not read",
        );
      const view = new DataView(unpacked.buffer, unpacked.byteOffset, unpacked.length);
      if (from.at + 4 > unpacked.length) throw damagedPage("it ends before its levels");
      const end = from.at + 4 + view.getUint32(from.at, true);
      if (end > unpacked.length) throw damagedPage("its levels go beyond its end");
      const out = new Uint8Array(entries);
      readHybrid({ bytes: unpacked.subarray(0, end), at: from.at + 4 }, bitsFor(most), out);
      from.at = end;
      return out;
    };
    const repetition = levels(node.depth, header.data?.repetition);
    const definition = levels(node.definition, header.data?.definition);
    return this.#decoded(entries, repetition, definition, from, header.data?.encoding);
  }

  async #version2(header: PageHeader, bytes: Uint8Array): Promise<Page> {
    const { node, codec } = this.chunk;
    const { dataV2 = {}, uncompressed = 0 } = header;
    const entries = countedEntries(dataV2.values);
    const { repetitionBytes = 0, definitionBytes = 0 } = dataV2;
    const levelBytes = repetitionBytes + definitionBytes;
    if (
      repetitionBytes < 0 ||
      definitionBytes < 0 ||
      levelBytes > Math.min(bytes.length, uncompressed)
    )
      throw damagedPage("its levels go beyond its end");
    const levels = (most: number, at: number, end: number): Uint8Array | null => {
      if (most === 0) return null;
      const out = new Uint8Array(entries);
      readHybrid({ bytes: bytes.subarray(0, end), at }, bitsFor(most), out);
      return out;
    };
    const repetition = levels(node.depth, 0, repetitionBytes);
    const definition = levels(node.definition, repetitionBytes, levelBytes);
    const values = bytes.subarray(levelBytes);
    // Writers leave a page without values as it is, whatever they say of it.
    const unpacked =
      dataV2.compressed === false || values.length === 0
        ? values
        : decompress(codec, values, uncompressed - levelBytes, this.#platform);
    return this.#decoded(
      entries,
      repetition,
      definition,
      { bytes: unpacked, at: 0 },
      dataV2.encoding,
    );
  }

  async #decoded(
    entries: number,
    repetition: Uint8Array | null,
    definition: Uint8Array | null,
    from: { bytes: Uint8Array; at: number },
    encoding: number | undefined,
  ): Promise<Page> {
    const { node } = this.chunk;
    const levels = (repetition?.length ?? 0) + (definition?.length ?? 0);
    let count = entries;
    if (definition !== null) {
      count = 0;
      for (const level of definition) if (level === node.definition) count++;
    }
    const made = { entries, repetition, definition, indices: null, cells: [] };
    if (count === 0) return { ...made, values: null, bytes: levels };
    if (encoding === 2 || encoding === 8) {
      const { values, cells } = await this.#dictionary();
      const indices = new Uint32Array(count);
      readHybrid({ bytes: from.bytes, at: from.at + 1 }, from.bytes[from.at] ?? 33, indices);
      const most = values === null ? 0 : countOf(values);
      for (const index of indices)
        if (index >= most)
          throw damagedPage(`it names the value ${index} of a dictionary of ${most}`);
      return { ...made, values, indices, cells, bytes: levels + indices.byteLength };
    }
    const { type = 0, length } = node.element;
    const values = readValues(from, encoding ?? -1, type, length, count);
    return { ...made, values, bytes: levels + sizeOf(values) };
  }

  /** The dictionary of the chunk, which is its first page. */
  async #dictionary(): Promise<Page> {
    const known = this.#shelf.get(this.#key(this.chunk.from));
    if (known !== undefined) return known;
    const place = await this.place(this.chunk.from);
    const { dictionary, uncompressed = 0 } = place.header;
    if (dictionary === undefined)
      throw damagedPage("it has values of a dictionary, and there is none");
    const bytes = await this.#bytes(place.body, place.next - place.body);
    const unpacked = decompress(this.chunk.codec, bytes, uncompressed, this.#platform);
    const entries = countedEntries(dictionary.values);
    const { type = 0, length } = this.chunk.node.element;
    const values = readPlain({ bytes: unpacked, at: 0 }, type, length, entries);
    const page: Page = {
      entries: 0,
      definition: null,
      repetition: null,
      values,
      indices: null,
      cells: [],
      bytes: sizeOf(values),
    };
    this.#shelf.put(this.#key(place.at), page);
    return page;
  }
}
