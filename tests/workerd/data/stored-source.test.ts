import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { type Random, seededRandom } from "../../../domain/statistics/random.ts";
import { piecesOf, storedSource } from "../../../workers/data/stored-source.ts";

const MIB = 2 ** 20;
const SIZE = 9 * MIB + 12_345;
/** Bytes that tell their place. */
const FILE = new Uint8Array(SIZE);
for (let at = 0; at < SIZE; at += 1) FILE[at] = at * 31 + (at >> 8) * 7;

type Range = { offset: number; length: number };
type Get = { key: string } & Range;

/** The bucket, and what was asked of it and given. */
class Bucket {
  readonly gets: Get[] = [];
  readonly given: ArrayBuffer[] = [];
  fails = 0;

  async get(key: string, { range }: { range: Range }) {
    this.gets.push({ key, ...range });
    if (this.fails > 0) throw new Error(`R2 failed ${this.fails--} more times`);
    const object = await env.DATASETS.get(key, { range });
    if (!object) return null;
    const arrayBuffer = async (): Promise<ArrayBuffer> => {
      const buffer = await object.arrayBuffer();
      this.given.push(buffer);
      return buffer;
    };
    return { arrayBuffer };
  }
}

let files = 0;

/** The file in parts of so many bytes, each in an object of its own. */
async function stored(partBytes: number) {
  const random = seededRandom(partBytes);
  const bucket = new Bucket();
  const extents: { key: string; offset: number; length: number }[] = [];
  const name = `stored-source-${(files += 1)}`;
  for (let at = 0; at < SIZE; at += partBytes) {
    const part = FILE.subarray(at, at + partBytes);
    const before = random.integer(50);
    const object = new Uint8Array(before + part.length + random.integer(50));
    object.set(part, before);
    extents.push({ key: `${name}/${at}`, offset: before, length: part.length });
    await env.DATASETS.put(`${name}/${at}`, object);
  }
  const source = storedSource(bucket as unknown as R2Bucket, { size_bytes: SIZE, extents });
  return { bucket, source, keys: extents.map(({ key }) => key) };
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

const someRange = (random: Random): [offset: number, length: number] => {
  const offset = random.integer(SIZE);
  return [offset, random.integer(Math.min(SIZE - offset, 2 ** (1 + random.integer(22))) + 1)];
};

describe("a stored file, read by ranges", () => {
  it.each([SIZE, 700_001, 130_000])(
    "gives the bytes of any range, in parts of %s",
    async (part) => {
      const { source } = await stored(part);
      const random = seededRandom(`ranges ${part}`);
      const ranges = Array.from({ length: 60 }, () => someRange(random));
      // Some beside each other, so that one is forgotten while another waits for it.
      for (let at = 0; at < ranges.length; at += 6)
        await Promise.all(
          ranges.slice(at, at + 6).map(async ([offset, length]) => {
            const read = await source.read(offset, length);
            expect(isSame(read, FILE.subarray(offset, offset + length))).toBe(true);
          }),
        );
    },
  );

  it("gives the whole file in pieces", async () => {
    const { source } = await stored(700_001);
    let at = 0;
    for await (const piece of piecesOf(source)) {
      expect(isSame(piece, FILE.subarray(at, at + piece.length))).toBe(true);
      at += piece.length;
    }
    expect(at).toBe(SIZE);
  });

  it("asks for no byte twice where it is read in order, and for more at a time", async () => {
    const { bucket, source } = await stored(SIZE);
    for (let at = 0; at < SIZE; at += 60_000) await source.read(at, Math.min(60_000, SIZE - at));
    const inOrder = bucket.gets.toSorted((a, b) => a.offset - b.offset);
    expect(inOrder.map(({ length }) => length)).toEqual([
      131_072,
      262_144,
      524_288,
      ...Array.from({ length: 8 }, () => MIB),
      SIZE - 8 * MIB - 917_504,
    ]);
  });

  it("asks for little where it is read here and there", async () => {
    const { bucket, source } = await stored(SIZE);
    for (const at of [4_000_000, 100, 2_500_000]) await source.read(at, 300);
    expect(bucket.gets.map(({ length }) => length)).toEqual([131_072, 131_072, 131_072]);
  });

  it("asks for just what a reader of several places side by side asks for", async () => {
    const { bucket, source } = await stored(SIZE);
    for (let round = 0; round < 3; round += 1)
      for (const place of [0, 3 * MIB, 6 * MIB])
        await source.read(place + 200_001 * round, 200_001);
    expect(bucket.gets.map(({ length }) => length)).toEqual(
      Array.from({ length: 9 }, () => 200_001),
    );
  });

  it("gives the memory back of what it no longer keeps, however long the file is", async () => {
    const { bucket, source } = await stored(SIZE);
    const held = () =>
      bucket.given.reduce((sum, buffer) => sum + (buffer.detached ? 0 : buffer.byteLength), 0);
    let most = 0;
    for (let round = 0; round < 4; round += 1)
      for (let at = 0; at + 60_000 < SIZE; at += 60_000) {
        await source.read(at, 60_000);
        most = Math.max(most, held());
      }
    expect(bucket.given.length).toBeGreaterThan(30);
    expect(most).toBeLessThanOrEqual(7 * MIB);
  });

  it("asks anew for what failed, and tells what is missing or too short by its name", async () => {
    const { bucket, source, keys } = await stored(SIZE);
    bucket.fails = 1;
    await expect(source.read(0, 10)).rejects.toThrow("R2 failed");
    expect(await source.read(0, 10)).toEqual(FILE.subarray(0, 10));
    const [key = ""] = keys;
    await env.DATASETS.put(key, FILE.subarray(0, 3 * MIB));
    await expect(source.read(3 * MIB - 5, 100)).rejects.toThrow(`${key} is shorter than it was`);
    await env.DATASETS.delete(key);
    await expect(source.read(4 * MIB, 100)).rejects.toThrow(`${key} is not there`);
    await expect(source.read(SIZE - 5, 10)).rejects.toThrow("truncated or damaged");
  });
});
