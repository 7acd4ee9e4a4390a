import { describe, expect, test } from "vitest";
import {
  affineOf,
  byteOf,
  rangeOf,
  type ByteType,
} from "../../../../domain/onnx/quantise/affine.ts";
import { quantiseWeight } from "../../../../domain/onnx/quantise/quantise-weight.ts";

type Case = [
  min: number,
  max: number,
  type: string,
  symmetric: boolean,
  reduceRange: boolean,
  scale: number,
  zeroPoint: number,
  bytes: number[],
];

/** `compute_scale_zp` and `quantize_nparray` of onnxruntime.quantization 1.31; the bytes are those of the values below. */
const CASES = [
  [-1.5, 2.25, "uint8", false, false, 0.014705882407724857, 102, [0, 255, 102, 68, 124, 128]],
  [-1.5, 2.25, "uint8", false, true, 0.029527559876441956, 51, [0, 127, 51, 34, 62, 64]],
  [-1.5, 2.25, "int8", false, false, 0.014705882407724857, -26, [-128, 127, -26, -60, -4, 0]],
  [-1.5, 2.25, "int8", false, true, 0.029296875, -13, [-64, 64, -13, -30, -2, 0]],
  [-1.5, 2.25, "int8", true, false, 0.017716536298394203, 0, [-85, 127, 0, -28, 18, 21]],
  [-1.5, 2.25, "int8", true, true, 0.03515625, 0, [-43, 64, 0, -14, 9, 11]],
  [
    0.30000001192092896,
    4.0,
    "uint8",
    false,
    false,
    0.01568627543747425,
    0,
    [19, 255, 0, 6, 36, 137],
  ],
  [
    0.30000001192092896,
    4.0,
    "uint8",
    false,
    true,
    0.031496062874794006,
    0,
    [10, 127, 0, 3, 18, 68],
  ],
  [
    0.30000001192092896,
    4.0,
    "int8",
    false,
    false,
    0.01568627543747425,
    -128,
    [-109, 127, -128, -122, -92, 9],
  ],
  [0.30000001192092896, 4.0, "int8", false, true, 0.03125, -64, [-54, 64, -64, -61, -46, 5]],
  [0.30000001192092896, 4.0, "int8", true, false, 0.031496062874794006, 0, [10, 127, 0, 3, 18, 68]],
  [0.30000001192092896, 4.0, "int8", true, true, 0.0625, 0, [5, 64, 0, 2, 9, 34]],
  [
    -3.0,
    -0.20000000298023224,
    "uint8",
    false,
    false,
    0.0117647061124444,
    255,
    [0, 238, 255, 170, 253, 119],
  ],
  [
    -3.0,
    -0.20000000298023224,
    "uint8",
    false,
    true,
    0.023622047156095505,
    127,
    [0, 119, 127, 85, 126, 59],
  ],
  [
    -3.0,
    -0.20000000298023224,
    "int8",
    false,
    false,
    0.0117647061124444,
    127,
    [-128, 110, 127, 42, 125, -9],
  ],
  [-3.0, -0.20000000298023224, "int8", false, true, 0.0234375, 64, [-64, 55, 64, 21, 63, -4]],
  [
    -3.0,
    -0.20000000298023224,
    "int8",
    true,
    false,
    0.023622047156095505,
    0,
    [-127, -8, 0, -42, -1, -68],
  ],
  [-3.0, -0.20000000298023224, "int8", true, true, 0.046875, 0, [-64, -4, 0, -21, -1, -34]],
  [0.0, 0.0, "uint8", false, false, 1.0, 0, [0, 0, 0, 0, 0, 0]],
  [0.0, 0.0, "uint8", false, true, 1.0, 0, [0, 0, 0, 0, 0, 0]],
  [0.0, 0.0, "int8", false, false, 1.0, 0, [0, 0, 0, 0, 0, 0]],
  [0.0, 0.0, "int8", false, true, 1.0, 0, [0, 0, 0, 0, 0, 0]],
  [0.0, 0.0, "int8", true, false, 1.0, 0, [0, 0, 0, 0, 0, 0]],
  [0.0, 0.0, "int8", true, true, 1.0, 0, [0, 0, 0, 0, 0, 0]],
  [
    -0.0010000000474974513,
    7.769999980926514,
    "uint8",
    false,
    false,
    0.030474510043859482,
    0,
    [0, 255, 0, 0, 36, 127],
  ],
  [
    -0.0010000000474974513,
    7.769999980926514,
    "uint8",
    false,
    true,
    0.06118897721171379,
    0,
    [0, 127, 0, 0, 18, 63],
  ],
  [
    -0.0010000000474974513,
    7.769999980926514,
    "int8",
    false,
    false,
    0.030474510043859482,
    -128,
    [-128, 127, -128, -128, -92, -1],
  ],
  [
    -0.0010000000474974513,
    7.769999980926514,
    "int8",
    false,
    true,
    0.06071093678474426,
    -64,
    [-64, 64, -64, -64, -46, 0],
  ],
  [
    -0.0010000000474974513,
    7.769999980926514,
    "int8",
    true,
    false,
    0.06118110194802284,
    0,
    [0, 127, 0, 0, 18, 63],
  ],
  [
    -0.0010000000474974513,
    7.769999980926514,
    "int8",
    true,
    true,
    0.12140624970197678,
    0,
    [0, 64, 0, 0, 9, 32],
  ],
  [
    -0.8999999761581421,
    0.4000000059604645,
    "uint8",
    false,
    false,
    0.005098039284348488,
    177,
    [0, 255, 177, 118, 188, 128],
  ],
  [
    -0.8999999761581421,
    0.4000000059604645,
    "uint8",
    false,
    true,
    0.010236220434308052,
    88,
    [0, 127, 88, 59, 94, 64],
  ],
  [
    -0.8999999761581421,
    0.4000000059604645,
    "int8",
    false,
    false,
    0.005098039284348488,
    49,
    [-128, 127, 49, -10, 60, 0],
  ],
  [
    -0.8999999761581421,
    0.4000000059604645,
    "int8",
    false,
    true,
    0.01015624962747097,
    25,
    [-64, 64, 25, -5, 31, 0],
  ],
  [
    -0.8999999761581421,
    0.4000000059604645,
    "int8",
    true,
    false,
    0.007086614146828651,
    0,
    [-127, 56, 0, -42, 8, -35],
  ],
  [
    -0.8999999761581421,
    0.4000000059604645,
    "int8",
    true,
    true,
    0.01406249962747097,
    0,
    [-64, 28, 0, -21, 4, -18],
  ],
] as unknown as Case[];

describe("affine maps to bytes", () => {
  test.each(CASES)(
    "[%d, %d] as %s, symmetric %s, reduced %s",
    (min, max, type, symmetric, reduceRange, scale, zeroPoint, bytes) => {
      const affine = affineOf({ min, max }, type as ByteType, { symmetric, reduceRange });
      expect(affine).toEqual({ type, scale: Math.fround(scale), zeroPoint });
      const values = [min, max, 0, min / 3, max / 7, (min + max) / 2].map(Math.fround);
      expect(values.map((value) => byteOf(value, affine))).toEqual(bytes);
    },
  );

  test("symmetric bytes without a sign have their zero in the middle of as many steps", () => {
    const affine = affineOf({ min: -2, max: 1 }, "uint8", { symmetric: true });
    expect(affine).toEqual({ type: "uint8", scale: Math.fround(2 / 127), zeroPoint: 128 });
    expect([-2, 0, 2].map((value) => byteOf(value, affine))).toEqual([1, 128, 255]);
  });

  test("halves are rounded to the even byte, and what lies outside is cut off", () => {
    const affine = { type: "int8", scale: 2, zeroPoint: 1 } as const;
    expect([1, 3, 5, -1, -3, 1e9, -1e9].map((value) => byteOf(value, affine))).toEqual([
      1, 3, 3, 1, -1, 127, -128,
    ]);
  });

  test("a range is of finite values or of none", () => {
    expect(rangeOf([3, -1, 2])).toEqual({ min: -1, max: 3 });
    expect(rangeOf([])).toEqual({ min: 0, max: 0 });
    expect(rangeOf([1, Infinity]).min).toBeNaN();
    expect(rangeOf([Number.NaN, 1]).max).toBeNaN();
  });
});

describe("weights as bytes", () => {
  const weight = { dims: [2, 3], data: Float32Array.of(1, -2, 4, 8, 16, -32) };

  test("with a scale for each index of an axis", () => {
    const { bytes, affines } = quantiseWeight("w", weight, {
      type: "int8",
      symmetric: true,
      axis: 0,
    });
    expect(affines.map(({ scale }) => scale)).toEqual([4 / 127, 32 / 127].map(Math.fround));
    expect([...(bytes.data as Int8Array)]).toEqual([32, -64, 127, 32, 64, -127]);
    const columns = quantiseWeight("w", weight, { type: "int8", symmetric: true, axis: 1 });
    expect(columns.affines.map(({ scale }) => scale)).toEqual(
      [8, 16, 32].map((reach) => Math.fround(reach / 127)),
    );
    expect([...(columns.bytes.data as Int8Array)]).toEqual([16, -16, 16, 127, 127, -127]);
  });

  test("a scale may be bounded from below", () => {
    const { affines } = quantiseWeight("w", weight, {
      type: "int8",
      symmetric: true,
      axis: 0,
      smallestScales: [1, 0],
    });
    expect(affines.map(({ scale }) => scale)).toEqual([1, Math.fround(32 / 127)]);
  });

  test.each([Number.NaN, Infinity, -Infinity])("%s is refused", (bad) => {
    const data = Float32Array.of(1, 2, bad, 4);
    for (const axis of [undefined, 0, 1])
      expect(() => quantiseWeight("w", { dims: [2, 2], data }, { type: "int8", axis })).toThrow(
        "'w' has an element that is not finite",
      );
  });
});
