import { array, assert, asyncProperty, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  changedRanges,
  type ChangedRange,
} from "../../../../domain/datasets/chunks/changed-ranges.ts";
import { commonSubsequence } from "../../../../domain/datasets/chunks/common-subsequence.ts";
import type { ChunkRef } from "../../../../domain/datasets/chunks/recipe.ts";
import {
  segmentsOf,
  unpackSegment,
  type SegmentRef,
} from "../../../../domain/datasets/chunks/segments.ts";
import { recipeOf } from "./random-recipe.ts";
import { sha256 } from "./sha256.ts";

/** The length of a longest common subsequence, by the table of all prefixes. */
function longest(a: readonly string[], b: readonly string[]): number {
  let row = [0, ...b.map(() => 0)];
  for (const name of a) {
    const next = [0];
    for (const [at, other] of b.entries())
      next.push(name === other ? (row[at] ?? 0) + 1 : Math.max(row[at + 1] ?? 0, next[at] ?? 0));
    row = next;
  }
  return row.at(-1) ?? 0;
}

describe("commonSubsequence", () => {
  const names = (most: number) =>
    array(integer({ min: 0, max: most }).map(String), { maxLength: 40 });

  it("ascends in both lists through equal names", () => {
    assert(
      property(names(6), names(6), (a, b) => {
        let [lastA, lastB] = [-1, -1];
        for (const match of commonSubsequence(a, b)) {
          expect(match.a).toBeGreaterThan(lastA);
          expect(match.b).toBeGreaterThan(lastB);
          expect(a[match.a]).toBe(b[match.b]);
          [lastA, lastB] = [match.a, match.b];
        }
      }),
    );
  });

  it("is a longest one where no name comes twice", () => {
    assert(
      property(names(60), names(60), (first, second) => {
        const [a, b] = [[...new Set(first)], [...new Set(second)]];
        expect(commonSubsequence(a, b)).toHaveLength(longest(a, b));
      }),
      { numRuns: 300 },
    );
  });

  it("leaves nothing that could be added, where names come often", () => {
    assert(
      property(names(4), names(4), (a, b) => {
        let [fromA, fromB] = [0, 0];
        for (const match of [...commonSubsequence(a, b), { a: a.length, b: b.length }]) {
          const between = new Set(a.slice(fromA, match.a));
          expect(b.slice(fromB, match.b).filter((name) => between.has(name))).toEqual([]);
          [fromA, fromB] = [match.a + 1, match.b + 1];
        }
      }),
      { numRuns: 300 },
    );
  });

  it("follows an insertion of a name that comes everywhere", () => {
    const found = commonSubsequence("x y x z x w".split(" "), "x x y x z x w".split(" "));
    expect(found).toHaveLength(6);
  });

  it.each([
    ["equal", (index: number) => `${index}`, (index: number) => `${index}`, 60_000],
    ["of other names", (index: number) => `a${index}`, (index: number) => `b${index}`, 0],
    ["reversed", (index: number) => `${index}`, (index: number) => `${59_999 - index}`, 1],
    ["of one name and another", (index: number) => "xy".charAt(index % 2), () => "x", 30_000],
    [
      "of periods that differ",
      (index: number) => `${index % 7}`,
      (index: number) => `${index % 11}`,
      20_000,
    ],
  ])("of 60,000 names takes no long time where lists are %s", (_how, a, b, atLeast) => {
    const list = (name: (index: number) => string) =>
      Array.from({ length: 60_000 }, (_, index) => name(index));
    const began = performance.now();
    expect(commonSubsequence(list(a), list(b)).length).toBeGreaterThanOrEqual(atLeast);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

/** A file in which every byte says which chunk it is of. */
const fileOf = (recipe: readonly ChunkRef[]): string[] =>
  recipe.flatMap(({ sha256: name, length }) =>
    Array.from({ length }, (_, byte) => `${name}:${byte}`),
  );

const compared = async (a: readonly ChunkRef[], b: readonly ChunkRef[]) => {
  const [left, right] = await Promise.all([segmentsOf(a, sha256), segmentsOf(b, sha256)]);
  const bytes = new Map([...left, ...right].map((segment) => [segment.sha256, segment.bytes]));
  const loaded: string[] = [];
  const load = (segment: SegmentRef) => {
    loaded.push(segment.sha256);
    return Promise.resolve(unpackSegment(bytes.get(segment.sha256) ?? new Uint8Array(0), segment));
  };
  return { ranges: await changedRanges(left, right, load), loaded, segments: left.length };
};

/** All that lies outside of the ranges, which must be the same in both files. */
const unchanged = (
  file: readonly string[],
  ranges: readonly ChangedRange[],
  side: "a" | "b",
): string[] => {
  const starts = [...ranges.map((range) => range[side]), { from: file.length, to: file.length }];
  return starts.flatMap(({ from }, index) => file.slice(ranges[index - 1]?.[side].to ?? 0, from));
};

/** Chunks of 1 to 5 bytes, of which some come again and again. */
const smallRecipe = (seed: number, chunks: number): ChunkRef[] =>
  recipeOf(seed, chunks).map((chunk, index) =>
    index % 9 === 4
      ? { sha256: "00".repeat(32), length: 3 }
      : { ...chunk, length: 1 + (index % 5) },
  );

describe("changedRanges", () => {
  const edits = array(
    integer({ min: 0, max: 599 }).chain((at) =>
      integer({ min: 0, max: 80 }).chain((removed) =>
        integer({ min: 0, max: 80 }).map((added) => ({ at, removed, added })),
      ),
    ),
    { maxLength: 4 },
  );

  it("leaves out nothing but what both files have in the same order", async () => {
    await assert(
      asyncProperty(edits, async (changes) => {
        const a = smallRecipe(1, 600);
        let b = a;
        for (const [index, { at, removed, added }] of changes.entries())
          b = b.toSpliced(at, removed, ...smallRecipe(100 + index, added));
        const { ranges } = await compared(a, b);
        expect(unchanged(fileOf(a), ranges, "a")).toEqual(unchanged(fileOf(b), ranges, "b"));
        const changed = ranges.reduce((sum, range) => sum + range.b.to - range.b.from, 0);
        const added = changes.reduce((sum, change) => sum + change.added, 0);
        // New chunks have 5 bytes at most; chunks that come often may be matched elsewhere.
        expect(changed).toBeLessThanOrEqual(5 * added + 3 * 70);
      }),
      { numRuns: 40 },
    );
  });

  it("names exactly what was replaced, inserted and removed, in order", async () => {
    const a = recipeOf("exact", 3_000);
    const [x, y] = [recipeOf("x", 1), recipeOf("y", 2)];
    const b = a
      .toSpliced(2_500, 3)
      .toSpliced(1_000, 0, ...y)
      .toSpliced(200, 1, ...x);
    const size = (chunks: readonly ChunkRef[]) =>
      chunks.reduce((sum, { length }) => sum + length, 0);
    const range = (list: readonly ChunkRef[], from: number, to: number) => ({
      from: size(list.slice(0, from)),
      to: size(list.slice(0, to)),
    });
    const { ranges } = await compared(a, b);
    expect(ranges).toEqual([
      { a: range(a, 200, 201), b: range(b, 200, 201) },
      { a: range(a, 1_000, 1_000), b: range(b, 1_000, 1_002) },
      { a: range(a, 2_500, 2_503), b: range(b, 2_502, 2_502) },
    ]);
  });

  it("loads no segment that both have, so that the work follows the change", async () => {
    const a = recipeOf("large", 15_000);
    const b = a.toSpliced(7_000, 1, ...recipeOf("one", 1));
    const { ranges, loaded, segments } = await compared(a, b);
    expect(ranges).toHaveLength(1);
    expect(segments).toBeGreaterThan(90);
    expect(loaded.length).toBeGreaterThan(0);
    expect(loaded.length).toBeLessThan(8);
    expect((await compared(a, a)).loaded).toEqual([]);
  });

  it("of equal files are none, and of an empty one and another all of it", async () => {
    const a = recipeOf("one side", 300);
    const to = a.reduce((sum, { length }) => sum + length, 0);
    expect((await compared(a, a)).ranges).toEqual([]);
    expect((await compared([], [])).ranges).toEqual([]);
    expect((await compared([], a)).ranges).toEqual([{ a: { from: 0, to: 0 }, b: { from: 0, to } }]);
    expect((await compared(a, [])).ranges).toEqual([{ a: { from: 0, to }, b: { from: 0, to: 0 } }]);
  });

  it("of more chunks than are held at once are one, without loading them", async () => {
    const side = (name: string): SegmentRef[] =>
      Array.from({ length: 100 }, (_, index) => ({
        sha256: `${name}${index}`,
        chunks: 1_024,
        size_bytes: 7,
      }));
    const same = { sha256: "same", chunks: 40, size_bytes: 11 };
    const load = () => Promise.reject(new Error("loaded"));
    expect(await changedRanges([same, ...side("a")], [same, ...side("b")], load)).toEqual([
      { a: { from: 11, to: 711 }, b: { from: 11, to: 711 } },
    ]);
  });
});
