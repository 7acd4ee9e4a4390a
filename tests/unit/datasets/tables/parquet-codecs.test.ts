import { brotliCompressSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decompress } from "../../../../domain/datasets/formats/parquet/codecs.ts";
import { parquetReader } from "../../../../domain/datasets/formats/parquet/parquet-reader.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";
import { cellsOf, readBytes, vector } from "./tables.ts";

const BROTLI = 4;
const ZSTD = 6;
const unpack = async (codec: number, bytes: Uint8Array, size: number): Promise<Uint8Array> =>
  decompress(codec, bytes, size, nodePlatform);

const random = seededRandom("codecs");
const SIZE = 300_000;
const data = Uint8Array.from({ length: SIZE }, (_, at) =>
  at % 1000 < 300 ? random.integer(256) : (at * at) >> 7,
);

describe.each([
  ["Brotli", BROTLI, brotliCompressSync],
  ["Zstandard", ZSTD, zstdCompressSync],
] as const)("a page in %s", (_, codec, compress) => {
  const packed = new Uint8Array(compress(data));

  it("is what it was, and nothing too", async () => {
    expect(Buffer.compare(await unpack(codec, packed, SIZE), data)).toBe(0);
    expect(await unpack(codec, new Uint8Array(compress(new Uint8Array(0))), 0)).toHaveLength(0);
  });

  it.each([SIZE - 1, SIZE + 1, 0])("is refused where its header says %i bytes", async (size) => {
    await expect(unpack(codec, packed, size)).rejects.toMatchObject({
      problem: { code: "file_invalid" },
    });
  });

  it("is refused where it is cut off, anywhere, or changed into nonsense", async () => {
    for (const end of [0, 1, 5, 100, packed.length - 1])
      await expect(unpack(codec, packed.subarray(0, end), SIZE)).rejects.toMatchObject({
        problem: { code: "file_invalid" },
      });
    await expect(unpack(codec, data.subarray(0, 999), SIZE)).rejects.toMatchObject({
      problem: { code: "file_invalid" },
    });
  });

  it("that is a bomb makes no more than its header says", async () => {
    const bomb = new Uint8Array(compress(new Uint8Array(8 * 2 ** 20)));
    expect(bomb.length).toBeLessThan(10_000);
    await expect(unpack(codec, bomb, 1000)).rejects.toMatchObject({
      problem: { code: "file_invalid" },
    });
  });
});

describe("a frame of Zstandard that was made to do harm", () => {
  const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
  const block = (type: number, size: number, content: number[]): number[] => {
    const header = 1 | (type << 1) | (size << 3);
    return [header & 255, (header >> 8) & 255, header >> 16, ...content];
  };
  const refused = (bytes: number[], size: number) =>
    expect(unpack(ZSTD, Uint8Array.from(bytes), size)).rejects.toMatchObject({
      problem: { code: "file_invalid" },
    });

  it("with weights of a Huffman code that never end", async () => {
    // One symbol has all states of the table, so that reading a weight takes no bits.
    const weights = [5, 0xf0, 0x03, 0x00, 0x00, 0x01];
    const literals = [2 | (10 << 4), (7 & 3) << 6, 7 >> 2, ...weights, 0x01, 0];
    await refused([...MAGIC, 0x20, 10, ...block(2, literals.length, literals)], 10);
  });

  it("with tens of thousands of matches that come of no bits", async () => {
    // No literals; 98,000 sequences, whose three codes are each one symbol: long matches.
    const sequences = [0, 255, 255, 255, 0x54, 0, 0, 52, 1];
    await refused([...MAGIC, 0, 0x58, ...block(2, sequences.length, sequences)], 1000);
  });

  it("with a window of 128 MiB, which reading it would take", async () => {
    const window = (27 - 10) << 3;
    await refused([...MAGIC, 0, window, ...block(1, 5, [7])], 5);
    const small = Uint8Array.from([...MAGIC, 0, 0x58, ...block(1, 5, [7])]);
    expect([...(await unpack(ZSTD, small, 5))]).toEqual([7, 7, 7, 7, 7]);
  });
});

describe("files of pyarrow 26.0.1 with pages of both versions", () => {
  const rows = Array.from({ length: 700 }, (_, row) => row);

  it.each(["brotli-pages-v1", "brotli-pages-v2", "zstd-pages-v2"])("%s", async (name) => {
    const table = await readBytes(parquetReader, vector(`${name}.parquet`));
    const [n, x, text, signal] = await cellsOf(table);
    expect(n).toEqual(rows.map((row) => (row % 7 === 0 ? null : BigInt(row))));
    expect(text).toEqual(rows.map((row) => (row % 11 === 0 ? null : `row ${row % 50} `)));
    expect(signal).toEqual(
      rows.map((row) => ({
        dims: [row % 5],
        data: Float32Array.from({ length: row % 5 }, (_, at) => at),
      })),
    );
    const zstd = await readBytes(parquetReader, vector("zstd-pages-v2.parquet"));
    expect(x).toEqual((await cellsOf(zstd, { columns: ["x"] }))[0]);
    expect(new Set(x).size).toBeGreaterThan(500);
  });
});
