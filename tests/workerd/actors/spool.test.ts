import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { Spool } from "../../../workers/data/spool.ts";

const keysUnder = async (prefix: string): Promise<string[]> =>
  (await env.DATASETS.list({ prefix })).objects.map(({ key }) => key);

it("bytes that are spooled in pieces of any size are read by ranges, and removed", async () => {
  const prefix = "datasets/spool-test/";
  const spool = new Spool(env.DATASETS, prefix);
  const bytes = Uint8Array.from({ length: 20_000_000 }, (_, at) => (at * at) >> 9);
  const piece = new Uint8Array(3_333_333);
  for (let at = 0; at < bytes.length; at += piece.length) {
    // The piece is used anew each time.
    const length = Math.min(piece.length, bytes.length - at);
    piece.set(bytes.subarray(at, at + length));
    await spool.add(piece.subarray(0, length));
  }
  await spool.add(new Uint8Array(0));
  const source = await spool.finish();
  expect(source.size).toBe(bytes.length);
  expect(await keysUnder(prefix)).toHaveLength(3);
  for (const [from, length] of [
    [0, 10],
    [8_388_600, 20],
    [8_000_000, 9_000_000],
    [19_999_999, 1],
  ] as const) {
    const read = await source.read(from, length);
    const wanted = bytes.subarray(from, from + length);
    expect(read.every((byte, at) => byte === wanted[at])).toBe(true);
    expect(read).toHaveLength(length);
  }
  await spool.remove();
  expect(await keysUnder(prefix)).toEqual([]);
});

it("nothing that is spooled is a file of no bytes, and leaves nothing", async () => {
  const prefix = "datasets/spool-none/";
  const spool = new Spool(env.DATASETS, prefix);
  expect((await spool.finish()).size).toBe(0);
  await spool.remove();
  expect(await keysUnder(prefix)).toEqual([]);
});
