import { describe, expect, test } from "vitest";
import { pictureOf } from "../../../../domain/explain/segments/picture.ts";
import { plainLayout } from "./plain-layout.ts";

describe("the colours of a picture", () => {
  const grid = { channels: 3, shape: [1, 1], channels_last: true };
  const { first } = plainLayout([[1, 1, 3]]);

  test.each([
    // By scikit-image 0.26, color.rgb2lab.
    [
      [1, 0, 0],
      [53.2405879, 80.0923082, 67.202751],
    ],
    [
      [0, 0.5, 0.25],
      [46.54455888, -45.36677594, 26.2701712],
    ],
    [
      [0.02, 0.01, 0.03],
      [0.94874255, 1.37590233, -1.69492272],
    ],
  ])("of %j are %j in CIELAB", (rgb, lab) => {
    const { colours } = pictureOf(first, grid, Float64Array.from(rgb), [0, 1]);
    for (const [at, value] of lab.entries()) expect(colours[at]).toBeCloseTo(value, 4);
  });

  test("are the same for 0 to 1, 0 to 255 and a range that is told", () => {
    const { first: four } = plainLayout([[2, 1, 3]]);
    const twice = { ...grid, shape: [2, 1] };
    const unit = [0, 0.2, 1, 0.4, 0.6, 0.8];
    const colours = [
      pictureOf(four, twice, Float64Array.from(unit)),
      pictureOf(
        four,
        twice,
        Float64Array.from(unit, (value) => 255 * value),
      ),
      pictureOf(
        four,
        twice,
        Float64Array.from(unit, (value) => 2 * value - 1),
        [-1, 1],
      ),
      pictureOf(
        four,
        twice,
        Float64Array.from(unit, (value) => 2 * value - 1),
      ),
    ].map((picture) => [...picture.colours]);
    for (const found of colours.slice(1))
      for (const [at, value] of found.entries())
        expect(value).toBeCloseTo(colours[0]?.[at] ?? 0, 9);
  });

  test("are 0 to 100 for each channel that is not red, green and blue", () => {
    const { first: grey } = plainLayout([[1, 2]]);
    const picture = pictureOf(
      grey,
      { channels: 1, shape: [1, 2], channels_last: false },
      Float32Array.of(0.25, 1),
    );
    expect([...picture.colours]).toEqual([25, 100]);
  });
});
