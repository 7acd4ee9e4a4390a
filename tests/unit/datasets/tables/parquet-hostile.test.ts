import { parquetMetadata } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { DatasetFault } from "../../../../domain/datasets/dataset-fault.ts";
import { lz4Block } from "../../../../domain/datasets/formats/parquet/lz4.ts";
import { bitsAt } from "../../../../domain/datasets/formats/parquet/packed-bits.ts";
import {
  list,
  readStruct,
  struct,
  text,
} from "../../../../domain/datasets/formats/parquet/thrift.ts";
import { parquetReader } from "../../../../domain/datasets/formats/parquet/parquet-reader.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { cellsOf, readBytes, vector } from "./tables.ts";

const NAMES = [
  "snappy-dictionary-v1",
  "zstd-encodings-v1",
  "gzip-dictionary-v2",
  "lz4-plain-int96-v2",
];

/** Of each file. */
const FLIPS = 25;

/** Reads everything; a fault is an answer as well. */
async function answer(bytes: Uint8Array): Promise<"table" | "fault"> {
  try {
    await cellsOf(await readBytes(parquetReader, bytes));
    return "table";
  } catch (error) {
    if (error instanceof DatasetFault) return "fault";
    throw error;
  }
}

/** The metadata's length in the last eight bytes, with another in its place. */
function withFooter(bytes: Uint8Array, footer: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const start = bytes.length - 8 - view.getUint32(bytes.length - 8, true);
  const made = new Uint8Array(start + footer.length + 8);
  made.set(bytes.subarray(0, start));
  made.set(footer, start);
  new DataView(made.buffer).setUint32(start + footer.length, footer.length, true);
  made.set(bytes.subarray(-4), start + footer.length + 4);
  return made;
}

const sample = vector("fastparquet-lz4.parquet");

describe("damaged Parquet files", () => {
  it("every prefix of a file is refused", async () => {
    for (let length = 0; length < sample.length; length++)
      expect(await answer(sample.subarray(0, length))).toBe("fault");
  });

  it.each(NAMES)("%s with flipped bytes is a table or refused", async (name) => {
    const random = seededRandom(`flip ${name}`);
    const bytes = vector(`${name}.parquet`);
    let faults = 0;
    for (let i = 0; i < FLIPS; i++) {
      const flipped = bytes.slice();
      const at = Math.floor(random.uniform() * bytes.length);
      flipped[at] = (flipped[at] ?? 0) ^ (1 + Math.floor(random.uniform() * 255));
      if ((await answer(flipped)) === "fault") faults++;
    }
    expect(faults).toBeGreaterThan(FLIPS / 10);
  });

  it.each([
    ["a list of two thousand million columns", [0x15, 2, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 7]],
    ["structures in structures without end", Array.from({ length: 10_000 }, () => 0x1c)],
    ["lists in lists without end", [0x19, ...Array.from({ length: 10_000 }, () => 0x19)]],
    ["a number without end", [0x15, ...Array.from({ length: 100_000 }, () => 0xff)]],
    ["a text beyond its end", [0x68, 0xff, 0xff, 0xff, 0xff, 7]],
    ["nothing", []],
  ])("metadata of %s", async (_what, footer) => {
    const bytes = withFooter(sample, Uint8Array.from(footer));
    await expect(readBytes(parquetReader, bytes)).rejects.toMatchObject({
      problem: { code: "file_invalid" },
    });
  });

  it("a million empty structures are refused before they are made", async () => {
    // A list of row groups, each an end of a structure.
    const footer = new Uint8Array(1_000_010);
    footer.set([0x49, 0xfc, 0xc0, 0x84, 0x3d]);
    await expect(readBytes(parquetReader, withFooter(sample, footer))).rejects.toMatchObject({
      problem: { code: "file_too_large" },
    });
  });
});

describe("what lies in a page", () => {
  it("an index beyond its dictionary is refused, not read as nothing", async () => {
    const data = Array.from({ length: 64 }, (_, i) => (i * 7) % 3);
    const file = new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: "n", data, type: "INT32", encoding: "RLE_DICTIONARY", nullable: false },
        ],
        codec: "UNCOMPRESSED",
      }),
    );
    const [column] = parquetMetadata(file.slice().buffer).row_groups[0]?.columns ?? [];
    const { data_page_offset = 0n, total_compressed_size = 0n } = column?.meta_data ?? {};
    const end = 4 + Number(total_compressed_size);
    expect(Number(data_page_offset)).toBeLessThan(end);
    // Indices of two bits, the last four of which become 3.
    file[end - 1] = 0xff;
    await expect(
      readBytes(parquetReader, file).then((table) => cellsOf(table)),
    ).rejects.toMatchObject({
      problem: { code: "file_invalid", message: expect.stringContaining("dictionary of 3") },
    });
  });

  it("bits of any width from any place", () => {
    const random = seededRandom("bits");
    const bytes = Uint8Array.from({ length: 12 }, () => Math.floor(random.uniform() * 256));
    const whole = bytes.reduce((sum, byte, i) => sum | (BigInt(byte) << BigInt(8 * i)), 0n);
    for (let width = 0; width <= 32; width++)
      for (let bit = 0; bit + width <= 96; bit++)
        expect(bitsAt(bytes, bit, width)).toBe(
          Number((whole >> BigInt(bit)) & ((1n << BigInt(width)) - 1n)),
        );
  });

  it("elements of lists in the metadata are counted before they are made", () => {
    const kind = struct({ texts: [1, list(text)] });
    const bytes = Uint8Array.from([0x19, 0xf8, 40, ...Array.from({ length: 40 }, () => 0), 0]);
    expect(readStruct(kind, { bytes, at: 0, budget: 41 }).texts?.length).toBe(40);
    expect(() => readStruct(kind, { bytes, at: 0, budget: 40 })).toThrow(/too many columns/);
  });
});

describe("what is not read", () => {
  it("LZO, by its name", async () => {
    const file = new Uint8Array(
      parquetWriteBuffer({
        columnData: [{ name: "n", data: [1, 2], type: "INT32" }],
        codec: "LZO",
        compressors: { LZO: (bytes) => bytes },
      }),
    );
    await expect(readBytes(parquetReader, file)).rejects.toMatchObject({
      problem: { code: "file_unsupported", field: "n", message: expect.stringContaining("LZO") },
    });
  });

  it("encrypted files", async () => {
    const bytes = sample.slice();
    bytes[bytes.length - 1] = "E".charCodeAt(0);
    await expect(readBytes(parquetReader, bytes)).rejects.toMatchObject({
      problem: { code: "file_unsupported", message: expect.stringContaining("encrypted") },
    });
  });

  it("a list of numbers with an element without a value, until it is declared JSON", async () => {
    const file = new Uint8Array(
      parquetWriteBuffer({
        columnData: [{ name: "l", data: [[1, 2], [3, null], null, []] }],
        schema: [
          { name: "root", num_children: 1 },
          { name: "l", repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
          { name: "list", repetition_type: "REPEATED", num_children: 1 },
          { name: "element", repetition_type: "OPTIONAL", type: "INT32" },
        ],
      }),
    );
    await expect(
      readBytes(parquetReader, file).then((table) => cellsOf(table)),
    ).rejects.toMatchObject({
      problem: { code: "schema_mismatch", field: "l", row: 1 },
    });
    const schema = { fields: [{ name: "l", type: "json" as const, nullable: true }] };
    const table = await readBytes(parquetReader, file, { schema });
    expect(await cellsOf(table)).toEqual([[[1, 2], [3, null], null, []]]);
  });
});

describe("LZ4 blocks", () => {
  const unpacked = (bytes: number[], length: number): string => {
    const out = new Uint8Array(length);
    lz4Block(Uint8Array.from(bytes), out);
    return String.fromCharCode(...out);
  };

  it("literals, matches, and matches that overlap themselves", () => {
    expect(unpacked([0x30, 97, 98, 99], 3)).toBe("abc");
    expect(unpacked([0x31, 97, 98, 99, 3, 0, 0x10, 100], 9)).toBe("abcabcabd".slice(0, 8) + "d");
    expect(unpacked([0x1f, 97, 1, 0, 5, 0], 1 + 4 + 15 + 5)).toBe("a".repeat(25));
  });

  it.each([
    ["literals beyond its end", [0x50, 97], 5],
    ["a copy from before its beginning", [0x10, 97, 2, 0], 5],
    ["a copy from where it is", [0x10, 97, 0, 0], 5],
    ["a copy beyond its end", [0x1f, 97, 1, 0, 255, 255, 0], 20],
    ["too little", [0x10, 97], 2],
    ["a length that does not end", [0xf0, 255, 255], 600],
  ])("%s is refused", (_what, bytes, length) => {
    expect(() => unpacked(bytes, length)).toThrow(DatasetFault);
  });
});
