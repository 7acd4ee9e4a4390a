import { parquetMetadata } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { sourceOf, type ByteSource } from "../../../../domain/datasets/byte-source.ts";
import { parquetBoundaries } from "../../../../domain/datasets/chunks/parquet-boundaries.ts";
import { DatasetFault } from "../../../../domain/datasets/dataset-fault.ts";
import { joined } from "./random-bytes.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";

type Written = { rows?: number; offsetIndex?: boolean; rowGroupSize?: number };

/** Two columns of random doubles, 8 bytes a row, in pages of some 20 kB. */
function written({
  rows = 40_000,
  offsetIndex = true,
  rowGroupSize = 25_000,
}: Written = {}): Uint8Array {
  const random = seededRandom("a table");
  const column = (name: string) => ({
    name,
    type: "DOUBLE" as const,
    data: Array.from({ length: rows }, () => random.uniform()),
    offsetIndex,
  });
  const columnData = [column("left"), column("right")];
  const file = parquetWriteBuffer({
    columnData,
    rowGroupSize,
    pageSize: 20_000,
    codec: "UNCOMPRESSED",
  });
  return new Uint8Array(file);
}

/** Where another reader says that the column chunks begin and end. */
const columnEnds = (file: Uint8Array): number[] => {
  const chunks = parquetMetadata(file).row_groups.flatMap(({ columns }) => columns);
  return chunks.flatMap(({ meta_data }) => {
    const from = Number(meta_data?.dictionary_page_offset ?? meta_data?.data_page_offset);
    return [from, from + Number(meta_data?.total_compressed_size)];
  });
};

/** A source that counts what is read of it. */
const counted = (source: ByteSource) => {
  const reads = { count: 0, bytes: 0 };
  const read: ByteSource["read"] = (offset, length) => {
    reads.count++;
    reads.bytes += length;
    return source.read(offset, length);
  };
  return { reads, source: { size: source.size, read } };
};

describe("boundaries of a Parquet file", () => {
  it("are where its column chunks begin and end", async () => {
    const file = written();
    const found = await parquetBoundaries(sourceOf(file));
    const expected = columnEnds(file);
    expect(expected).toHaveLength(8);
    expect(found).toEqual(expect.arrayContaining(expected));
  });

  it("are where the pages of long column chunks begin, by the offset index as by the pages themselves", async () => {
    const [indexed, walked] = [written({ offsetIndex: true }), written({ offsetIndex: false })];
    expect(indexed.length).toBeGreaterThan(walked.length);
    const [byIndex, byHeaders] = await Promise.all(
      [indexed, walked].map((file) => parquetBoundaries(sourceOf(file))),
    );
    // 25,000 rows of 8 bytes are ten pages of 20 kB; the second row group's 15,000 are not looked into.
    expect(byIndex?.length).toBeGreaterThan(20);
    expect(byHeaders).toEqual(byIndex);
  });

  it("of small column chunks are read with the footer alone", async () => {
    const { source, reads } = counted(sourceOf(written({ rows: 30_000, rowGroupSize: 5_000 })));
    expect(await parquetBoundaries(source)).toHaveLength(13);
    expect(reads.count).toBe(2);
  });

  it("are ascending and inside of the file", async () => {
    const file = written();
    const found = await parquetBoundaries(sourceOf(file));
    expect(found).toEqual([...new Set(found)].toSorted((a, b) => a - b));
    expect(found[0]).toBeGreaterThan(0);
    expect(found.at(-1)).toBeLessThan(file.length);
  });
});

describe("a file that is no Parquet", () => {
  it.each([
    ["empty", new Uint8Array(0)],
    ["text", Uint8Array.from(Buffer.from("id,name\n1,a\n2,b\n3,c\n"))],
    ["magic alone", Uint8Array.from(Buffer.from("PAR1PAR1"))],
    [
      "a footer longer than the file",
      Uint8Array.from(Buffer.from("PAR1abcd\xff\xff\xff\x7fPAR1", "latin1")),
    ],
    [
      "zeros for a footer",
      Uint8Array.from(Buffer.from(`PAR1${"\0".repeat(40)}\x10\0\0\0PAR1`, "latin1")),
    ],
    [
      "an encrypted footer",
      Uint8Array.from(Buffer.from(`PAR1${"a".repeat(40)}\x10\0\0\0PARE`, "latin1")),
    ],
  ])("has no boundaries: %s", async (_what, file) => {
    expect(await parquetBoundaries(sourceOf(file))).toEqual([]);
  });

  it("has none when it was cut off", async () => {
    const file = written({ rows: 100 });
    for (let length = 0; length < file.length; length += 7)
      expect(await parquetBoundaries(sourceOf(file.subarray(0, length)))).toEqual([]);
  });
});

describe("a damaged file", () => {
  it("never fails, wherever its bytes are changed, nor reads more than its bounds", async () => {
    const whole = written({ rows: 50_000, rowGroupSize: 50_000, offsetIndex: false });
    const random = seededRandom("damage");
    for (let damage = 0; damage < 200; damage++) {
      const file = whole.slice();
      // Half of them in the footer and the last kilobyte, half in the page headers at the beginning.
      const at = damage % 2 === 0 ? file.length - 1 - random.integer(900) : 4 + random.integer(60);
      file[at] = random.integer(256);
      const { source, reads } = counted(sourceOf(file));
      const found = await parquetBoundaries(source);
      for (const offset of found) expect(offset).toBeLessThan(file.length);
      expect(reads.count).toBeLessThan(1_010);
    }
  });

  it("whose pages claim to be empty, one behind the other, is bounded in reads and pages", async () => {
    // The shortest header: field 3, the compressed size, is 0, and the end.
    const header = [0x35, 0x00, 0x00];
    const whole = written({ rows: 200_000, rowGroupSize: 200_000, offsetIndex: false });
    const [from = 0, to = 0] = columnEnds(whole);
    const file = whole.slice();
    for (let at = from; at + header.length <= to; at += header.length) file.set(header, at);
    const { source, reads } = counted(sourceOf(file));
    const found = await parquetBoundaries(source);
    expect(found.length).toBeGreaterThan(262_000);
    expect(found.length).toBeLessThanOrEqual(262_144 + 4);
    expect(reads.bytes).toBeLessThan(4 * file.length);
  });
});

/** Thrift's compact protocol: a structure of fields with ascending numbers, and what can be in one. */
type Field = { id: number; type: number; bytes: readonly number[] };
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const int = (id: number, value: number): Field => ({ id, type: 6, bytes: varint(2 * value) });
const struct = (id: number, fields: readonly Field[]): Field => {
  const parts = fields.flatMap((field, index) => {
    const before = fields[index - 1]?.id ?? 0;
    return [((field.id - before) << 4) | field.type, ...field.bytes];
  });
  return { id, type: 12, bytes: [...parts, 0] };
};
const list = (id: number, element: Field, times: number): Field => ({
  id,
  type: 9,
  bytes: [
    0xf0 | element.type,
    ...varint(times),
    ...Array.from({ length: times }, () => element.bytes).flat(),
  ],
});

/** The footer and the end of a file of so many columns that all say that they lie in the same place. */
function tailOf({ columns = 1, bytes = 140_000, index = [] as readonly Field[] }): Uint8Array {
  const metadata = struct(3, [int(7, bytes), int(9, 4)]);
  const group = struct(0, [list(1, struct(0, [metadata, ...index]), columns)]);
  const footer = struct(0, [list(4, group, 1)]).bytes;
  const end = Buffer.alloc(8, "0000PAR1");
  end.writeUInt32LE(footer.length);
  return joined(Uint8Array.from(footer), end);
}

describe("a hostile file", () => {
  const body = new Uint8Array(1_200_000);
  body.set(Buffer.from("PAR1"));

  it("of many columns in one place is read", async () => {
    const file = joined(body, tailOf({ columns: 3 }));
    expect(await parquetBoundaries(sourceOf(file))).toEqual([4, 140_004]);
  });

  it.each([
    ["a long index of pages that are elsewhere", [int(4, 150_000), int(5, 2 ** 18)]],
    ["no index, and a page header that does not end", []],
  ])("of many columns in one place with %s takes no long time", async (_what, index) => {
    const pages = struct(0, [list(1, struct(0, [int(1, 1_000_000)]), 50_000)]).bytes;
    const file = joined(body, tailOf({ columns: 20_000, index }));
    file.set(pages, 150_000);
    // Field 9, which there is not, again and again.
    file.fill(0x91, 4, 140_004);
    const began = performance.now();
    expect(await parquetBoundaries(sourceOf(file))).toEqual([4, 140_004]);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it("of a terabyte of pages far apart is read in a thousand ranges", async () => {
    const bytes = 2 ** 40;
    const tail = tailOf({ bytes });
    // Field 3, the compressed size of 100,000 bytes, wherever somebody looks.
    const page = Uint8Array.from([0x35, ...varint(200_000), 0]);
    const { source, reads } = counted({
      size: 4 + bytes + tail.length,
      read(offset, length) {
        if (offset >= 4 + bytes) return sourceOf(tail).read(offset - 4 - bytes, length);
        const read = new Uint8Array(length);
        read.set(page);
        return Promise.resolve(read);
      },
    });
    const found = await parquetBoundaries(source);
    expect(found).toHaveLength(1_002);
    expect(found[1]).toBe(4 + page.length + 100_000);
    expect(reads.count).toBe(1_002);
  });
});

describe("a source that fails", () => {
  it("is no file without boundaries: what it throws goes through", async () => {
    const file = written();
    const missing = new DatasetFault("data_missing", "a pack is gone");
    for (const thrown of [new Error("the network is down"), missing])
      for (const failing of [1, 2, 3]) {
        let reads = 0;
        const source: ByteSource = {
          size: file.length,
          read: (offset, length) =>
            ++reads === failing ? Promise.reject(thrown) : sourceOf(file).read(offset, length),
        };
        await expect(parquetBoundaries(source)).rejects.toBe(thrown);
      }
  });
});
