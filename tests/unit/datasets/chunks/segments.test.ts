import { assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChunkRef } from "../../../../domain/datasets/chunks/recipe.ts";
import {
  cutSegments,
  packSegment,
  SEGMENT_CHUNKS,
  segmentsOf,
  unpackSegment,
} from "../../../../domain/datasets/chunks/segments.ts";
import { codeOf } from "./code-of.ts";
import { recipeOf } from "./random-recipe.ts";
import { sha256 } from "./sha256.ts";

const lengthsOf = (recipe: readonly ChunkRef[]): number[] =>
  [...cutSegments(recipe)].map(({ length }) => length);

describe("segments", () => {
  it("are 32 to 1,024 chunks, about 128 of them, and together the file", () => {
    const recipe = recipeOf("sizes", 60_000);
    const lengths = lengthsOf(recipe);
    expect([...cutSegments(recipe)].flat()).toEqual(recipe);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(SEGMENT_CHUNKS.maximum);
    expect(Math.min(...lengths.slice(0, -1))).toBeGreaterThanOrEqual(SEGMENT_CHUNKS.minimum);
    // 470 of them: the mean is within 4 standard errors of the expected length.
    const error = (4 * SEGMENT_CHUNKS.expected) / Math.sqrt(lengths.length);
    expect(Math.abs(60_000 / lengths.length - SEGMENT_CHUNKS.expected)).toBeLessThan(error);
  });

  it("are bounded for a file of one chunk over and over, whatever its hash", () => {
    const repeated = (hash: string) =>
      Array.from({ length: 5_000 }, () => ({ sha256: hash.repeat(32), length: 9 }));
    expect(new Set(lengthsOf(repeated("00")).slice(0, -1))).toEqual(new Set([32]));
    expect(new Set(lengthsOf(repeated("ff")).slice(0, -1))).toEqual(new Set([1_024]));
  });

  it("stay as they were but for those around a changed chunk", async () => {
    const before = recipeOf("before", 20_000);
    const names = new Set((await segmentsOf(before, sha256)).map((segment) => segment.sha256));
    const added = (
      await segmentsOf(before.toSpliced(9_000, 3, ...recipeOf("new", 5)), sha256)
    ).filter((segment) => !names.has(segment.sha256));
    expect(added.length).toBeGreaterThan(0);
    expect(added.length).toBeLessThan(6);
  });

  it("say what they hold and are named by their bytes", async () => {
    const recipe = recipeOf("named", 700);
    for (const { sha256: name, bytes, ...said } of await segmentsOf(recipe, sha256)) {
      const chunks = unpackSegment(bytes, { sha256: name, ...said });
      expect(said.chunks).toBe(chunks.length);
      expect(said.size_bytes).toBe(chunks.reduce((sum, { length }) => sum + length, 0));
      expect(name).toBe(await sha256(bytes));
    }
    expect(await segmentsOf([], sha256)).toEqual([]);
  });
});

describe("a packed segment", () => {
  it("is 32 bytes of hash and a little-endian length for each chunk", () => {
    const bytes = packSegment([
      { sha256: `0123${"00".repeat(29)}ff`, length: 0x01020304 },
      { sha256: "ab".repeat(32), length: 2 ** 32 - 1 },
    ]);
    const hex = Buffer.from(bytes).toString("hex");
    expect(hex).toBe(`0123${"00".repeat(29)}ff04030201${"ab".repeat(32)}ffffffff`);
  });

  it("comes back as it was", () => {
    assert(
      property(integer({ min: 0, max: 1e6 }), integer({ min: 0, max: 60 }), (seed, count) => {
        const chunks = recipeOf(seed, count);
        const size_bytes = chunks.reduce((sum, { length }) => sum + length, 0);
        const said = { sha256: "name", chunks: count, size_bytes };
        expect(unpackSegment(packSegment(chunks), said)).toEqual(chunks);
      }),
    );
  });

  it("lies anywhere in a buffer", () => {
    const chunks = recipeOf("offset", 2);
    const bytes = packSegment(chunks);
    const within = new Uint8Array(bytes.length + 5);
    within.set(bytes, 5);
    const size_bytes = chunks.reduce((sum, { length }) => sum + length, 0);
    expect(unpackSegment(within.subarray(5), { sha256: "", chunks: 2, size_bytes })).toEqual(
      chunks,
    );
  });

  it("that is cut off, longer or of other lengths is refused as damaged", () => {
    const bytes = packSegment([{ sha256: "00".repeat(32), length: 10 }]);
    const said = { sha256: "cd".repeat(32), chunks: 1, size_bytes: 10 };
    const damaged = (given: Uint8Array, change: object = {}) => {
      expect(codeOf(() => unpackSegment(given, { ...said, ...change }))).toBe("data_missing");
    };
    damaged(bytes.subarray(0, 35));
    damaged(new Uint8Array(0));
    damaged(new Uint8Array([...bytes, 0]));
    damaged(bytes, { size_bytes: 11 });
    damaged(bytes, { chunks: 2 });
    expect(unpackSegment(bytes, said)).toHaveLength(1);
  });

  it("is not made of what no chunk is", () => {
    const good = { sha256: "00".repeat(32), length: 1 };
    for (const bad of [
      { length: 0 },
      { length: 2 ** 32 },
      { length: 1.5 },
      { sha256: "00" },
      { sha256: "AB".repeat(32) },
    ])
      expect(() => packSegment([good, { ...good, ...bad }])).toThrow(RangeError);
  });
});

it("the k-th edit of a chain of edits stores no more than a few segments", async () => {
  let recipe = recipeOf("chain", 8_000);
  const stored = new Set((await segmentsOf(recipe, sha256)).map((segment) => segment.sha256));
  for (const at of [5, 900, 901, 4_000, 7_999]) {
    recipe = recipe.toSpliced(at, 1, ...recipeOf(at, 2));
    const segments = await segmentsOf(recipe, sha256);
    const added = segments.filter((segment) => !stored.has(segment.sha256));
    expect(added.length).toBeLessThan(6);
    for (const segment of added) stored.add(segment.sha256);
  }
});
