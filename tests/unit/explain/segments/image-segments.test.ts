import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { connectSegments } from "../../../../domain/explain/segments/connect-segments.ts";
import {
  imageSegments,
  type ImageSegmenter,
} from "../../../../domain/explain/segments/image-segments.ts";
import { renumbered } from "../../../../domain/explain/segments/segments.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { plainLayout } from "./plain-layout.ts";

type Vectors = {
  images: {
    name: string;
    height: number;
    width: number;
    rgb: string;
    labels: { segmenter: ImageSegmenter; options: Record<string, number>; ids: string }[];
  }[];
};
const vectors = JSON.parse(
  readFileSync(new URL("../../vectors/explain/image-segments.json", import.meta.url), "utf8"),
) as Vectors;

/** How far two partitions agree beyond chance: 1 where they are the same (Hubert & Arabie 1985). */
function adjustedRandIndex(ones: ArrayLike<number>, others: ArrayLike<number>): number {
  const pairsOf = (keys: readonly string[]): number => {
    const sizes = new Map<string, number>();
    for (const key of keys) sizes.set(key, (sizes.get(key) ?? 0) + 1);
    return [...sizes.values()].reduce((sum, size) => sum + (size * (size - 1)) / 2, 0);
  };
  const one = Array.from(ones, String);
  const other = Array.from(others, String);
  const both = pairsOf(one.map((key, at) => `${key},${other[at]}`));
  const [inOne, inOther] = [pairsOf(one), pairsOf(other)];
  const expected = (inOne * inOther) / ((one.length * (one.length - 1)) / 2);
  return (both - expected) / ((inOne + inOther) / 2 - expected);
}

/** How many connected pieces the segments are in. */
const piecesIn = (labels: Int32Array, width: number): number =>
  connectSegments(labels, width, 1).count;

const noise = (count: number, seed: string): Float32Array => {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, () => random.uniform());
};

describe.each(vectors.images)("on $name", ({ height, width, rgb, labels }) => {
  const { first } = plainLayout([[height, width, 3]]);
  const instance = Float32Array.from(Buffer.from(rgb, "base64"));

  test.each(labels)(
    "$segmenter with $options cuts as scikit-image does",
    ({ segmenter, options, ids }) => {
      const found = imageSegments(first, instance, { segmenter, ...options });
      const agreement = adjustedRandIndex(found.labels, Buffer.from(ids, "base64"));
      // Quickshift is the same to the position. SLIC is up to what becomes of small fragments:
      // here they join along their longest border, there the piece that was seen last.
      expect(agreement).toBeGreaterThan(segmenter === "quickshift" ? 0.999 : 0.92);
    },
  );
});

describe("every segmenter", () => {
  const segmenters = ["slic", "quickshift", "patches"] as const;

  test.each(segmenters)("%s numbers the segments without gaps", (segmenter) => {
    for (const shape of [
      [17, 23],
      [1, 40],
      [40, 1],
      [3, 12, 9],
      [5, 5, 4],
    ]) {
      const { first, size } = plainLayout([shape]);
      const { labels, count, grid } = imageSegments(first, noise(size, `gaps ${shape.join()}`), {
        segmenter,
        segments: 6,
      });
      expect(labels).toHaveLength(size / grid.channels);
      expect([...new Set(labels)].toSorted((one, other) => one - other)).toEqual(
        Array.from({ length: count }, (_, label) => label),
      );
    }
  });

  test.each(segmenters)(
    "%s cuts the same image the same way, channels first or last",
    (segmenter) => {
      const planes = noise(3 * 20 * 24, "axes");
      const pixels = planes.map((_, at) => planes[(at % 3) * 480 + Math.floor(at / 3)] ?? 0);
      const ofPlanes = imageSegments(plainLayout([[3, 20, 24]]).first, planes, { segmenter });
      const ofPixels = imageSegments(plainLayout([[20, 24, 3]]).first, pixels, { segmenter });
      expect(ofPlanes.grid.channels_last).toBe(false);
      expect(ofPixels.grid.channels_last).toBe(true);
      expect(ofPixels.labels).toEqual(ofPlanes.labels);
    },
  );

  test.each(["slic", "quickshift"] as const)(
    "%s finds four areas of one colour each",
    (segmenter) => {
      const { first, size } = plainLayout([[3, 24, 24]]);
      const area = (at: number): number =>
        2 * Math.floor((at % 576) / 24 / 12) + Math.floor((at % 24) / 12);
      const instance = Float32Array.from({ length: size }, (_, at) =>
        area(at) === Math.floor(at / 576) + 1 ? 1 : 0.1,
      );
      const { labels, count } = imageSegments(first, instance, {
        segmenter,
        segments: 4,
        max_dist: 8,
      });
      expect(count).toBe(4);
      expect(
        adjustedRandIndex(
          labels,
          labels.map((_, at) => area(at)),
        ),
      ).toBe(1);
    },
  );
});

describe("SLIC", () => {
  test("keeps every segment in one piece, of at least half the expected size, whatever the image", () => {
    for (let seed = 0; seed < 10; seed += 1) {
      const { first, size } = plainLayout([[3, 32, 40]]);
      const { labels, count } = imageSegments(first, noise(size, `pieces ${seed}`), {
        segments: 20,
        compactness: 5,
      });
      expect(piecesIn(labels, 40)).toBe(count);
      const sizes = Array.from(
        { length: count },
        (_, label) => labels.filter((found) => found === label).length,
      );
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(32);
    }
  });

  test("gives about as many segments as are asked for where colours do not tear them", () => {
    const { first, size } = plainLayout([[3, 60, 80]]);
    const grey = new Float32Array(size).fill(0.5);
    for (const segments of [1, 12, 30, 48, 200]) {
      const { count } = imageSegments(first, grey, { segments });
      expect(Math.abs(count - segments)).toBeLessThanOrEqual(0.1 * segments);
    }
  });
});

test("quickshift makes one segment of an image of one colour", () => {
  const { first, size } = plainLayout([[3, 30, 50]]);
  const { count } = imageSegments(first, new Float32Array(size).fill(0.3), {
    segmenter: "quickshift",
  });
  expect(count).toBe(1);
});

test("patches are the squares of a grid", () => {
  const { first } = plainLayout([[4, 6]]);
  const { labels, count } = imageSegments(first, new Float32Array(24), {
    segmenter: "patches",
    segments: 6,
  });
  expect(count).toBe(6);
  expect([...labels]).toEqual(
    [
      [0, 0, 1, 1, 2, 2],
      [0, 0, 1, 1, 2, 2],
      [3, 3, 4, 4, 5, 5],
      [3, 3, 4, 4, 5, 5],
    ].flat(),
  );
});

test("patches of a narrow image are as many as asked for, side by side", () => {
  const { first } = plainLayout([[2, 40]]);
  const { labels, count } = imageSegments(first, new Float32Array(80), {
    segmenter: "patches",
    segments: 6,
  });
  expect(count).toBe(6);
  expect([...labels.subarray(0, 40)]).toEqual([...labels.subarray(40)]);
});

test("a small piece joins the neighbour with the longest border", () => {
  const ids = Int32Array.from(
    [
      [1, 1, 1, 2],
      [1, 3, 3, 2],
      [1, 1, 1, 2],
    ].flat(),
  );
  expect([...connectSegments(ids, 4, 3).labels]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
});

test("segments are numbered by where they first occur", () => {
  expect(renumbered(Int32Array.of(7, 7, 3, 9, 3))).toEqual({
    labels: Int32Array.of(0, 0, 1, 2, 1),
    count: 3,
  });
});

describe("is refused", () => {
  const { first, size } = plainLayout([[3, 8, 8]]);
  const instance = noise(size, "refused");

  test.each([
    [{ segments: 0 }, "segments"],
    [{ segments: 65 }, "segments"],
    [{ segments: 2.5 }, "segments"],
    [{ segmenter: "patches", segments: 65 }, "segments"],
    [{ compactness: 0 }, "compactness"],
    [{ iterations: 0 }, "iterations"],
    [{ segmenter: "quickshift", kernel_size: -1 }, "kernel_size"],
    [{ segmenter: "quickshift", kernel_size: 1e6 }, "kernel_size"],
    [{ segmenter: "quickshift", max_dist: NaN }, "max_dist"],
    [{ segmenter: "quickshift", ratio: 1.5 }, "ratio"],
    [{ segmenter: "watershed" }, "segmenter"],
    [{ channels: "middle" }, "channels"],
    [{ value_range: [1, 1] }, "value_range"],
  ])("the option %j", (options, field) => {
    expect(() => imageSegments(first, instance, options as object)).toThrow(
      expect.objectContaining({
        problem: expect.objectContaining({ code: "option_invalid", field }),
      }),
    );
  });

  test.each([NaN, Infinity])("an image with the value %d", (odd) => {
    expect(() => imageSegments(first, instance.with(5, odd), { value_range: [0, 1] })).toThrow(
      expect.objectContaining({ problem: expect.objectContaining({ code: "value_invalid" }) }),
    );
  });

  test("a shape that says nothing of channels, and no image at all", () => {
    expect(() => imageSegments(plainLayout([[5, 8, 7]]).first, new Float32Array(280))).toThrow(
      /channels: first or last/,
    );
    expect(() => imageSegments(plainLayout([[30]]).first, new Float32Array(30))).toThrow(
      /an image has 2 or 3 axes/,
    );
    expect(() => imageSegments({ ...first, type: "string", categories: [] }, instance)).toThrow(
      /only numbers/,
    );
  });
});
