import { describe, expect, test } from "vitest";
import { backgroundGame } from "../../../../domain/explain/game.ts";
import { newRows } from "../../../../domain/explain/rows.ts";
import { equalParts } from "../../../../domain/explain/segments/equal-parts.ts";
import { hideSegments, type Fill } from "../../../../domain/explain/segments/fill.ts";
import { imageSegments } from "../../../../domain/explain/segments/image-segments.ts";
import { segmentGroups, type Segments } from "../../../../domain/explain/segments/segments.ts";
import { signalSegments } from "../../../../domain/explain/segments/signal-segments.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { plainLayout } from "./plain-layout.ts";

describe("a signal", () => {
  test("is cut into contiguous parts that differ by one position at most", () => {
    expect([...equalParts(7, 3).labels]).toEqual([0, 0, 0, 1, 1, 2, 2]);
    for (const [length, segments] of [
      [1024, 20],
      [20, 20],
      [101, 7],
    ] as const) {
      const { labels, count } = equalParts(length, segments);
      expect(labels).toEqual(labels.toSorted());
      const sizes = Array.from(
        { length: count },
        (_, part) => labels.filter((label) => label === part).length,
      );
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
  });

  test("has 20 parts by default, or as many as positions", () => {
    expect(signalSegments(plainLayout([[100]]).first).count).toBe(20);
    expect(signalSegments(plainLayout([[2, 7]]).first).count).toBe(7);
  });

  test("takes all channels of a part as one player, or each by itself", () => {
    // A second input, in front, shifts the elements.
    const [, port] = plainLayout([[3], [2, 4]]).ports;
    if (port === undefined) throw new Error("two inputs");
    const together = signalSegments(port, { segments: 2 });
    expect(segmentGroups(port, together)).toEqual([
      [3, 7, 4, 8],
      [5, 9, 6, 10],
    ]);
    const apart = signalSegments(port, { segments: 2, each_channel: true });
    expect(segmentGroups(port, apart)).toEqual([
      [3, 4],
      [5, 6],
      [7, 8],
      [9, 10],
    ]);
  });

  test("may have its channels last", () => {
    const { first } = plainLayout([[4, 2]]);
    const options = { segments: 2, channels: "last" } as const;
    expect(segmentGroups(first, signalSegments(first, options))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    expect(segmentGroups(first, signalSegments(first, { ...options, each_channel: true }))).toEqual(
      [
        [0, 2],
        [4, 6],
        [1, 3],
        [5, 7],
      ],
    );
  });

  test.each([
    [[10], { segments: 11 }, "segments"],
    [[10], { segments: 0 }, "segments"],
    [[10], { channels: "middle" }, "channels"],
  ])("of shape %j is refused with %j", (shape, options, field) => {
    expect(() => signalSegments(plainLayout([shape]).first, options as object)).toThrow(
      expect.objectContaining({
        problem: expect.objectContaining({ code: "option_invalid", field }),
      }),
    );
  });

  test("has one or two axes", () => {
    expect(() => signalSegments(plainLayout([[2, 3, 4]]).first)).toThrow(/1 or 2 axes/);
  });
});

describe("a hidden segment shows", () => {
  const layout = plainLayout([[2, 6], [1]]);
  const segments = signalSegments(layout.first, { segments: 2 });
  const instance = Float32Array.of(1, 3, 8, 0, 0, 6, 10, 20, 60, 5, 5, 5, 99);
  const shownBy = (fill: Fill, of: Segments = segments): number[] => [
    ...hideSegments(layout, layout.first, instance, of, fill).background.rows,
  ];

  test.each<[Fill, number[]]>([
    [{ kind: "mean" }, [4, 4, 4, 2, 2, 2, 30, 30, 30, 5, 5, 5, 99]],
    [{ kind: "zero" }, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99]],
    [{ kind: "value", value: [7] }, [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 99]],
    [{ kind: "value", value: [7, 8] }, [7, 7, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 99]],
    [{ kind: "interpolate" }, [1, 4.5, 8, 0, 3, 6, 10, 35, 60, 5, 5, 5, 99]],
  ])("%j", (fill, expected) => {
    expect(shownBy(fill)).toEqual(expected);
  });

  test("the same where each channel plays by itself", () => {
    const apart = { ...segments, each_channel: true };
    for (const kind of ["mean", "interpolate"] as const)
      expect(shownBy({ kind }, apart)).toEqual(shownBy({ kind }));
  });

  test("its mean where the input is not the first", () => {
    const [, port] = plainLayout([[1], [4]]).ports;
    if (port === undefined) throw new Error("two inputs");
    const { background } = hideSegments(
      plainLayout([[1], [4]]),
      port,
      Float32Array.of(99, 1, 3, 5, 9),
      signalSegments(port, { segments: 2 }),
      { kind: "mean" },
    );
    expect([...background.rows]).toEqual([99, 2, 2, 7, 7]);
  });

  test("noise: in several rows, whole positions of the input in another order", () => {
    const { background } = hideSegments(layout, layout.first, instance, segments, {
      kind: "noise",
      random: seededRandom("noise"),
      rows: 40,
    });
    expect(background.count).toBe(40);
    expect(background.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    const seen = new Set<string>();
    for (let row = 0; row < 40; row += 1)
      for (let position = 0; position < 6; position += 1)
        seen.add(
          `${background.rows[row * 13 + position]},${background.rows[row * 13 + 6 + position]}`,
        );
    expect([...seen].toSorted()).toEqual(["0,5", "1,10", "3,20", "6,5", "8,60"]);
  });

  test("the same noise for the same seed, in other bytes for another", () => {
    const noiseOf = (seed: string): number[] =>
      shownBy({ kind: "noise", random: seededRandom(seed) });
    expect(noiseOf("one")).toEqual(noiseOf("one"));
    expect(noiseOf("one")).not.toEqual(noiseOf("other"));
  });

  test("what a background has", () => {
    const background = { rows: newRows(layout, 2), count: 2, weights: Float64Array.of(0.3, 0.7) };
    const hidden = hideSegments(layout, layout.first, instance, segments, {
      kind: "background",
      background,
    });
    expect(hidden.background).toBe(background);
  });

  test.each<[unknown, string]>([
    [{ kind: "blur" }, "fill"],
    [{ kind: "value", value: [1, 2, 3] }, "value"],
    [{ kind: "value", value: [NaN] }, "value"],
    [{ kind: "value", value: [] }, "value"],
    [{ kind: "noise", random: seededRandom(1), rows: 0 }, "rows"],
    [
      { kind: "background", background: { rows: newRows(layout, 0), count: 0, weights: [] } },
      "background",
    ],
  ])("and never %j", (fill, field) => {
    expect(() => shownBy(fill as Fill)).toThrow(
      expect.objectContaining({ problem: expect.objectContaining({ field }) }),
    );
  });

  test("nothing that is interpolated in an image", () => {
    const { first, ports, size } = plainLayout([[3, 8, 8]]);
    const image = new Float32Array(192);
    const cut = imageSegments(first, image, { segmenter: "patches", segments: 4 });
    expect(() => hideSegments({ ports, size }, first, image, cut, { kind: "interpolate" })).toThrow(
      /for signals/,
    );
  });

  test("no NaN", () => {
    expect(() =>
      hideSegments(layout, layout.first, instance.with(2, NaN), segments, { kind: "mean" }),
    ).toThrow(/has the value NaN/);
  });
});

test("a game of segments is played by hiding them: the model sees the rest as it is", async () => {
  const layout = plainLayout([[1, 4], [1]]);
  const instance = Float32Array.of(1, 3, 10, 30, 500);
  const segments = signalSegments(layout.first, { segments: 2 });
  const hidden = hideSegments(layout, layout.first, instance, segments, { kind: "zero" });
  const sum = async (rows: ArrayLike<number>, count: number): Promise<Float64Array> =>
    Float64Array.from({ length: count }, (_, row) =>
      [0, 1, 2, 3, 4].reduce((total, at) => total + (rows[row * 5 + at] ?? 0), 0),
    );
  const game = backgroundGame(sum, layout, { instance, ...hidden });
  expect([...(await game.worth(Uint8Array.of(0, 0, 1, 0, 0, 1, 1, 1), 4))]).toEqual([
    500, 504, 540, 544,
  ]);
});
