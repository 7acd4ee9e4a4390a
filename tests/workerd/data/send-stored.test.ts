import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { StoredFile } from "../../../contract/dataset-record.ts";

const SIZE = 700_000;
const FILE = Uint8Array.from({ length: SIZE }, (_, at) => at * 31 + (at >> 8) * 7);
const PART = 65_536;

/** The file in parts, of which each has its place in an object of two. */
async function stored(name: string): Promise<StoredFile> {
  const extents: StoredFile["extents"] = [];
  for (let at = 0; at < SIZE; at += 2 * PART) {
    const key = `${name}/${at}`;
    const pair = FILE.subarray(at, at + 2 * PART);
    await env.DATASETS.put(key, pair);
    for (let offset = 0; offset < pair.length; offset += PART)
      extents.push({ key, offset, length: Math.min(PART, pair.length - offset) });
  }
  return { format: "pickle", read_options: {}, size_bytes: SIZE, extents };
}

const read = async (file: StoredFile, from: number, to: number): Promise<Uint8Array> =>
  new Uint8Array(await new Response(await env.DATA.read(file, from, to)).arrayBuffer());

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

describe("the bytes of a stored file", () => {
  it.each([
    ["all of them", 0, SIZE],
    ["none", 1_000, 1_000],
    ["one", PART - 1, PART],
    ["some over the end of a part", PART - 10, PART + 10],
    ["some of many parts", 100_000, 600_000],
    ["the last", SIZE - 3, SIZE],
  ])("%s", async (_what, from, to) => {
    const file = await stored("sent");
    expect(isSame(await read(file, from, to), FILE.subarray(from, to))).toBe(true);
  });

  it("that is not there at its beginning is told before there is a stream", async () => {
    const file = await stored("sent-gone");
    await env.DATASETS.delete("sent-gone/0");
    await expect(read(file, 0, SIZE)).rejects.toThrow("sent-gone/0 is not there");
  });

  it("that is not there, or shorter, further on breaks the stream off", async () => {
    const file = await stored("sent-cut");
    const fifth = `sent-cut/${8 * PART}`;
    await env.DATASETS.put(fifth, FILE.subarray(0, 100));
    await expect(read(file, 0, SIZE)).rejects.toThrow();
    await env.DATASETS.delete(fifth);
    await expect(read(file, 0, SIZE)).rejects.toThrow();
    expect(isSame(await read(file, 0, 8 * PART), FILE.subarray(0, 8 * PART))).toBe(true);
  });

  it("may be given up in the middle", async () => {
    const file = await stored("sent-left");
    for (let given = 0; given < 10; given += 1) {
      const reader = (await env.DATA.read(file, 0, SIZE)).getReader();
      expect((await reader.read()).done).toBe(false);
      await reader.cancel();
    }
    expect(isSame(await read(file, 0, SIZE), FILE)).toBe(true);
  });
});
