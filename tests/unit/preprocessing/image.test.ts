import { describe, expect, test } from "vitest";
import { resizeImage } from "../../../domain/preprocessing/image/resize-image.ts";
import type { ImageStep, ResizeStep } from "../../../domain/preprocessing/pipeline.ts";
import { preparePipeline } from "../../../domain/preprocessing/prepare-pipeline.ts";
import { readPipeline } from "../../../domain/preprocessing/read-pipeline.ts";
import type { ElementType, Signature } from "../../../domain/tensors/tensor.ts";
import vectors from "../vectors/preprocessing/resize.json" with { type: "json" };

const imageOf = ({
  data,
  ...size
}: {
  width: number;
  height: number;
  channels: number;
  data: number[];
}) => ({
  ...size,
  data: Float32Array.from(data),
});

describe("an image is resized", () => {
  test.each(vectors.cases)(
    "as torch does: $step.method to $step.width × $step.height, antialias $step.antialias",
    ({ image, step, expected }) => {
      const { data } = resizeImage(imageOf(image), step as ResizeStep);
      expect(data.length).toBe(expected.length);
      for (const [index, value] of expected.entries()) expect(data[index]).toBeCloseTo(value, 4);
    },
  );

  test("as Pillow does, but for its rounding to bytes after each direction", () => {
    const { image, expected } = vectors.pillow;
    const step = {
      op: "resize",
      method: "bilinear",
      antialias: true,
      width: 6,
      height: 7,
    } as const;
    const { data } = resizeImage(imageOf(image), step);
    for (const [index, value] of expected.entries())
      expect(Math.abs((data[index] ?? Number.NaN) - value)).toBeLessThanOrEqual(1);
  });

  test("with its shorter side as asked for, and its ratio kept", () => {
    const step = { op: "resize", method: "nearest", antialias: false, shorter: 4 } as const;
    const flat = (width: number, height: number) =>
      resizeImage({ width, height, channels: 1, data: new Float32Array(width * height) }, step);
    expect(flat(9, 6)).toMatchObject({ width: 6, height: 4 });
    expect(flat(5, 8)).toMatchObject({ width: 4, height: 6 });
  });
});

const signatureOf = (type: ElementType): Signature => ({
  inputs: [{ name: "image", type, shape: [] }],
  outputs: [],
});
const run = (rest: object, images: unknown[], type: ElementType = "float32") =>
  preparePipeline(
    readPipeline({ value: { version: 1, kind: "image", input: "image", ...rest }, path: "p" }),
  ).run(images, signatureOf(type));
const tensorOf = (rest: object, images: unknown[], type: ElementType = "float32") => {
  const made = run(rest, images, type);
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const { dims, data } = made.value["image"] ?? { dims: [], data: [] };
  return { dims, data: Array.from(data, Number) };
};

/** 2 × 2: red, green; blue, white. */
const COLOURS = [
  [
    [255, 0, 0],
    [0, 255, 0],
  ],
  [
    [0, 0, 255],
    [255, 255, 255],
  ],
];
const AS_LIST = { width: 2, height: 2, channels: 3, data: COLOURS.flat(2) };
const GREY = { channels: 1, layout: "hw" };

describe("an image becomes a tensor", () => {
  test("with channels first or last, from nested rows or one list", () => {
    const planes = [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255];
    expect(tensorOf({ channels: 3, layout: "chw" }, [COLOURS])).toEqual({
      dims: [1, 3, 2, 2],
      data: planes,
    });
    expect(tensorOf({ channels: 3, layout: "hwc" }, [AS_LIST, COLOURS])).toEqual({
      dims: [2, 2, 2, 3],
      data: [...COLOURS.flat(2), ...COLOURS.flat(2)],
    });
    expect(tensorOf({ channels: 3, layout: "chw", flatten: true }, [COLOURS])).toEqual({
      dims: [1, 12],
      data: planes,
    });
  });

  test("grey by luma, colours of grey, without opacity", () => {
    const luma = tensorOf(GREY, [COLOURS]);
    expect(luma.dims).toEqual([1, 2, 2]);
    for (const [index, value] of [76.245, 149.685, 29.07, 255].entries())
      expect(luma.data[index]).toBeCloseTo(value, 4);
    expect(tensorOf({ channels: 3, layout: "hwc" }, [[[7]]]).data).toEqual([7, 7, 7]);
    expect(tensorOf(GREY, [[[[7, 0]]]]).data).toEqual([7]);
    expect(tensorOf({ channels: 3, layout: "hwc" }, [[[[1, 2, 3, 0]]]]).data).toEqual([1, 2, 3]);
  });

  test("divided, normalised by channel and cropped to its middle", () => {
    const steps: ImageStep[] = [
      { op: "crop", width: 1, height: 2 },
      { op: "divide", by: 5 },
      { op: "normalize", mean: [1], std: [2] },
    ];
    const rows = [
      [5, 15, 25, 35],
      [5, 15, 25, 35],
      [45, 55, 65, 75],
      [5, 15, 25, 35],
    ];
    // (4 − 1) / 2 is between two columns, and the even one is taken; (4 − 2) / 2 is a row.
    expect(tensorOf({ ...GREY, steps }, [rows])).toEqual({ dims: [1, 2, 1], data: [2, 6] });
    const normalize = { op: "normalize", mean: [255, 0, 0], std: [1, 5, 255] };
    expect(
      tensorOf({ channels: 3, layout: "hwc", steps: [normalize] }, [[[[255, 10, 255]]]]).data,
    ).toEqual([0, 2, 1]);
  });

  test("in the model's own type, rounded and within its range", () => {
    const steps = [{ op: "normalize", mean: [100], std: [0.5] }];
    const values = [[0, 99.8, 100.3, 255]];
    expect(tensorOf({ ...GREY, steps }, [values], "uint8").data).toEqual([0, 0, 1, 255]);
    expect(tensorOf({ ...GREY, steps }, [values], "int8").data).toEqual([-128, 0, 1, 127]);
    expect(tensorOf({ ...GREY, steps }, [values], "int64").data).toEqual([-200, 0, 1, 310]);
    expect(tensorOf(GREY, [[[1.5]]], "float16").data).toEqual([0x3e00]);
    const beyond = [{ op: "divide", by: 0.001 }];
    expect(tensorOf({ ...GREY, steps: beyond }, [[[255]]], "float16").data).toEqual([0x7bff]);
  });
});

describe("an image is refused", () => {
  test.each<[string, unknown, object]>([
    ["that is none", "photo.png", { code: "input_type", path: "[0]" }],
    ["without pixels", [[]], { code: "input_type", path: "[0]" }],
    [
      "with rows of different lengths",
      [[1, 2], [3]],
      { expected: "a row of 2 pixels", path: "[0][1]" },
    ],
    ["with too many channels", [[[1, 2, 3, 4, 5]]], { code: "input_type" }],
    [
      "with a pixel of another kind",
      [
        [
          [1, 2, 3],
          [1, 2],
        ],
      ],
      { expected: "a list of 3", path: "[0][0][1]" },
    ],
    ["beyond 255", [[1, 256]], { found: "256", path: "[0][0][1]" }],
    ["with a null", [[1, null]], { found: "null", path: "[0][0][1]" }],
    ["whose list is too short", { ...AS_LIST, data: [1] }, { found: "1 numbers for 2 × 2 × 3" }],
    ["without a size", { data: [1] }, { code: "input_type" }],
  ])("%s", (_, image, problem) => {
    expect(run({ channels: 3, layout: "chw" }, [image])).toMatchObject({
      ok: false,
      error: problem,
    });
  });

  test("that is too small to crop, or of another size than the first", () => {
    const steps = [{ op: "crop", width: 3, height: 1 }];
    expect(run({ ...GREY, steps }, [[[1, 2]]])).toMatchObject({
      error: { code: "input_shape", expected: "at least 1 × 3 to crop", found: "1 × 2" },
    });
    expect(run(GREY, [[[1, 2]], [[1]]])).toMatchObject({
      error: { code: "input_shape", expected: "1 × 2, as the first", found: "1 × 1", path: "[1]" },
    });
  });

  test("with others where they do not fit into memory", () => {
    const steps = [{ op: "resize", width: 2_000, height: 1_000, method: "nearest" }];
    expect(run({ ...GREY, steps }, [[[1]], [[1]], [[1]]])).toMatchObject({
      error: { expected: "at most 2 images of 1000 × 2000 at once", found: "3 images" },
    });
  });
});
