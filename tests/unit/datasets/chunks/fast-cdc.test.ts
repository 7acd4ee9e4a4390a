import { array, assert, constantFrom, integer, property, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CHUNK_SIZES,
  Chunker,
  chunksOf,
  type ChunkSizes,
  type CutOptions,
} from "../../../../domain/datasets/chunks/fast-cdc.ts";
import { GEAR_TABLE } from "../../../../domain/datasets/chunks/gear-table.ts";
import { joined, randomBytes } from "./random-bytes.ts";
import { sha256 } from "./sha256.ts";

/** So small that a few kilobytes have many chunks. */
const SMALL: ChunkSizes = { minimum: 48, average: 256, maximum: 512 };

const cutsOf = (bytes: Uint8Array, options?: CutOptions): number[] => {
  const chunker = new Chunker(options);
  return [...chunker.add(bytes), ...chunker.finish()];
};

const lengthsOf = (cuts: readonly number[]): number[] =>
  cuts.map((cut, index) => cut - (cuts[index - 1] ?? 0));

/** Where chunks end as the description has it, every hash anew from the 32 bytes that it is of. */
function cutsByDefinition(bytes: Uint8Array, { minimum, average, maximum }: ChunkSizes): number[] {
  const bits = Math.log2(average);
  const endsAt = (start: number, end: number): boolean => {
    let hash = 0n;
    for (const byte of bytes.subarray(end - 32, end))
      hash = BigInt.asUintN(32, hash * 2n + BigInt(GEAR_TABLE[byte] ?? 0));
    return hash < 2n ** BigInt(32 - (end - start < average ? bits + 2 : bits - 2));
  };
  const cuts: number[] = [];
  for (let start = 0; start < bytes.length; start = cuts.at(-1) ?? 0) {
    let end = start + minimum;
    while (end < Math.min(start + maximum, bytes.length) && !endsAt(start, end)) end++;
    cuts.push(Math.min(end, bytes.length));
  }
  return cuts;
}

/** Bytes with structure: random ones, runs, and repetitions. */
const contents = array(
  constantFrom(0, 1, 2).chain((kind) =>
    kind === 0
      ? integer({ min: 0, max: 1e6 }).map((seed) => randomBytes(seed, 900))
      : kind === 1
        ? integer({ min: 0, max: 255 }).map((byte) => new Uint8Array(700).fill(byte))
        : uint8Array({ minLength: 1, maxLength: 9 }).map((word) =>
            joined(...Array.from({ length: 60 }, () => word)),
          ),
  ),
  { maxLength: 5 },
).map((parts) => joined(...parts));

describe("what stored chunks depend on", () => {
  it("is a gear table that never changes", async () => {
    const bytes = new Uint8Array(4 * 256);
    const view = new DataView(bytes.buffer);
    for (const [index, value] of GEAR_TABLE.entries()) view.setInt32(4 * index, value, true);
    expect(await sha256(bytes)).toBe(
      "1f4521136597677434883fcf9b23c0da88b042eb4f306e9a5482f6f0e8f91fd0",
    );
  });

  it("are sizes, and so cuts, that never change", () => {
    expect(cutsOf(randomBytes("a file", 700_000))).toEqual([
      73_499, 139_112, 207_468, 217_182, 295_207, 326_517, 415_945, 504_777, 568_640, 657_598,
      700_000,
    ]);
  });
});

describe("a chunker", () => {
  it("cuts where the description says", () => {
    assert(
      property(contents, (bytes) => {
        expect(cutsOf(bytes, { sizes: SMALL })).toEqual(cutsByDefinition(bytes, SMALL));
      }),
    );
  });

  it("cuts the same in whatever pieces the bytes come", () => {
    const pieces = array(integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 30 });
    assert(
      property(
        contents,
        pieces,
        array(integer({ min: 1, max: 4_000 })),
        (bytes, sizes, offsets) => {
          const boundaries = offsets.toSorted((a, b) => a - b);
          const chunker = new Chunker({ sizes: SMALL, boundaries });
          const cuts: number[] = [];
          let at = 0;
          for (const size of sizes) cuts.push(...chunker.add(bytes.subarray(at, (at += size))));
          cuts.push(...chunker.add(bytes.subarray(at)), ...chunker.finish());
          expect(cuts).toEqual(cutsOf(bytes, { sizes: SMALL, boundaries }));
        },
      ),
    );
  });

  it("cuts after every single byte that comes as it does in one piece", () => {
    const bytes = randomBytes("byte by byte", 20_000);
    const chunker = new Chunker({ sizes: SMALL });
    const cuts = [...bytes].flatMap((byte) => chunker.add(Uint8Array.of(byte)));
    expect([...cuts, ...chunker.finish()]).toEqual(cutsOf(bytes, { sizes: SMALL }));
  });

  it("gives every byte to one chunk, each within the bounds but the last", () => {
    assert(
      property(contents, (bytes) => {
        const lengths = lengthsOf(cutsOf(bytes, { sizes: SMALL }));
        expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(bytes.length);
        for (const length of lengths) expect(length).toBeLessThanOrEqual(SMALL.maximum);
        for (const length of lengths.slice(0, -1))
          expect(length).toBeGreaterThanOrEqual(SMALL.minimum);
      }),
    );
  });

  it("gives no chunk for an empty file, and one for a file below the minimum", () => {
    expect(cutsOf(new Uint8Array(0))).toEqual([]);
    expect(cutsOf(new Uint8Array(1))).toEqual([1]);
    expect(cutsOf(new Uint8Array(CHUNK_SIZES.minimum))).toEqual([CHUNK_SIZES.minimum]);
  });

  it.each([0, 59, 255])("cuts a megabyte of the byte %i at the maximum", (byte) => {
    const lengths = lengthsOf(cutsOf(new Uint8Array(2 ** 20).fill(byte)));
    expect(new Set(lengths)).toEqual(new Set([CHUNK_SIZES.maximum]));
  });

  it("finds no run of any one byte that its content would cut, which would be all of the shortest chunks", () => {
    const run = new Uint8Array(CHUNK_SIZES.average + 1);
    for (let byte = 0; byte < 256; byte++) expect(new Chunker().add(run.fill(byte))).toEqual([]);
  });

  it("makes chunks of random data that are near the average", () => {
    const lengths = lengthsOf(cutsOf(randomBytes("sizes", 2_000_000), { sizes: SMALL }));
    const mean = 2_000_000 / lengths.length;
    expect(mean).toBeGreaterThan(0.9 * SMALL.average);
    expect(mean).toBeLessThan(1.3 * SMALL.average);
  });

  it("refuses sizes that are none", () => {
    const refused: ChunkSizes[] = [
      { minimum: 32, average: 256, maximum: 512 },
      { minimum: 48, average: 250, maximum: 512 },
      { minimum: 48, average: 1_024, maximum: 512 },
      { minimum: 300, average: 256, maximum: 512 },
      { minimum: 100, average: 128, maximum: 150 },
      { minimum: 48.5, average: 256, maximum: 512 },
    ];
    for (const sizes of refused) expect(() => new Chunker({ sizes })).toThrow(RangeError);
  });
});

describe("an edit", () => {
  const chunksIn = (bytes: Uint8Array): string[] => {
    const cuts = cutsOf(bytes, { sizes: SMALL });
    return cuts.map((cut, index) =>
      Buffer.from(bytes.subarray(cuts[index - 1] ?? 0, cut)).toString("hex"),
    );
  };
  /** How many chunks at the beginning and at the end are the same. */
  const sharedEnds = (a: readonly string[], b: readonly string[]): number => {
    const at = a.findIndex((chunk, index) => chunk !== b[index]);
    const back = a.toReversed().findIndex((chunk, index) => chunk !== b.at(-1 - index));
    return at + back;
  };

  it.each([
    ["inserts", 0],
    ["deletes", 37],
    ["replaces", 11],
  ])("that %s some bytes changes only chunks around it", (_what, removed) => {
    const changes: number[] = [];
    for (let seed = 0; seed < 30; seed++) {
      const before = randomBytes(`edit ${seed}`, 40_000);
      const inserted = removed === 37 ? new Uint8Array(0) : randomBytes(`new ${seed}`, 11);
      const at = 5_000 + 700 * seed;
      const after = joined(before.subarray(0, at), inserted, before.subarray(at + removed));
      const [old, edited] = [chunksIn(before), chunksIn(after)];
      changes.push(old.length - sharedEnds(old, edited));
    }
    // One or two chunks, and sometimes some more until cuts fall together again.
    expect(changes.reduce((sum, count) => sum + count, 0) / changes.length).toBeLessThan(4);
    expect(Math.max(...changes)).toBeLessThan(30);
  });

  it("that shifts a file by any number of bytes shifts its later cuts", () => {
    const bytes = randomBytes("shifted", 30_000);
    const last = cutsOf(bytes, { sizes: SMALL }).slice(-20);
    for (let padding = 0; padding < 128; padding++) {
      const padded = joined(new Uint8Array(padding).fill(7), bytes);
      const cuts = cutsOf(padded, { sizes: SMALL }).slice(-20);
      expect(cuts).toEqual(last.map((cut) => cut + padding));
    }
  });
});

describe("boundaries", () => {
  it("that are far enough apart are always cut at, and no chunk becomes too short or too long by it", () => {
    const gaps = array(integer({ min: SMALL.minimum, max: 3_000 }), { maxLength: 12 });
    assert(
      property(contents, gaps, (bytes, distances) => {
        let at = 0;
        const boundaries = distances.map((distance) => (at += distance));
        const cuts = cutsOf(bytes, { sizes: SMALL, boundaries });
        const within = boundaries.filter((boundary) => boundary <= bytes.length);
        expect(cuts).toEqual(expect.arrayContaining(within));
        const lengths = lengthsOf(cuts);
        for (const length of lengths) expect(length).toBeLessThanOrEqual(SMALL.maximum);
        for (const length of lengths.slice(0, -1))
          expect(length).toBeGreaterThanOrEqual(SMALL.minimum);
      }),
    );
  });

  it("less than the minimum behind another do not count", () => {
    const bytes = new Uint8Array(2_000);
    const near = [100, 147, 147, 195, 400, 447];
    expect(cutsOf(bytes, { sizes: SMALL, boundaries: near })).toEqual([
      100, 195, 400, 912, 1_424, 1_936, 2_000,
    ]);
    expect(cutsOf(bytes, { sizes: SMALL, boundaries: [47] })[0]).toBe(SMALL.maximum);
  });

  it.each([
    [[512], [512, 1_000]],
    [[540], [492, 540, 1_000]],
    [[600], [512, 600, 1_000]],
  ])("at %j cut data without other cuts at %j", (boundaries, cuts) => {
    expect(cutsOf(new Uint8Array(1_000), { sizes: SMALL, boundaries })).toEqual(cuts);
  });

  it("in whatever order are no reason to fail", () => {
    const bytes = randomBytes("no order", 5_000);
    const cuts = cutsOf(bytes, { sizes: SMALL, boundaries: [3_000, 5, 3_060, -4, 9_000, 70] });
    expect(cuts.at(-1)).toBe(5_000);
    expect(cuts).toEqual(cuts.toSorted((a, b) => a - b));
  });

  it("keep what lies between two of them from what lies around", () => {
    const page = randomBytes("a page", 3_000);
    const cutsBetween = (before: number): number[] => {
      const bytes = joined(randomBytes(before, before), page, randomBytes("behind", 2_000));
      const boundaries = [before, before + page.length];
      const cuts = cutsOf(bytes, { sizes: SMALL, boundaries });
      return cuts.map((cut) => cut - before).filter((cut) => cut > 0 && cut <= page.length);
    };
    expect(cutsBetween(1_000)).toEqual(cutsBetween(1_777));
    expect(cutsBetween(1_000).length).toBeGreaterThan(5);
  });
});

describe("chunksOf", () => {
  it("gives the chunks themselves, however the file comes", async () => {
    const bytes = randomBytes("pieces", 30_000);
    const whole = cutsOf(bytes, { sizes: SMALL });
    for (const size of [1, 7, 100, 511, 5_000, 40_000]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      const chunks: Uint8Array[] = [];
      for await (const chunk of chunksOf(pieces, { sizes: SMALL })) chunks.push(chunk);
      expect(chunks.map(({ length }) => length)).toEqual(lengthsOf(whole));
      expect(joined(...chunks)).toEqual(bytes);
    }
  });

  it("gives none for an empty file", async () => {
    for await (const chunk of chunksOf([new Uint8Array(0)])) expect.fail(`${chunk.length} bytes`);
  });
});
