import { fail, ok, type Result } from "../result.ts";
import type { InputProblem } from "../tensors/input-problem.ts";
import { convertChannels } from "./image/convert-channels.ts";
import { type Image, readRawImage } from "./image/raw-image.ts";
import { resizeImage } from "./image/resize-image.ts";
import { roundHalfEven } from "../onnx/tensors.ts";
import { MOST_VALUES, type Prepared } from "./prepared.ts";
import type { ImagePipeline, ImageStep } from "./pipeline.ts";

export const prepareImage =
  (pipeline: ImagePipeline): Prepared =>
  (values) => {
    const { input } = pipeline;
    const images: Image[] = [];
    for (const [index, value] of values.entries()) {
      const made = imageOf(value, `[${index}]`, pipeline);
      if (!made.ok) return made;
      const [{ width, height } = made.value] = images;
      if (made.value.width !== width || made.value.height !== height)
        return fail(problem(input, `[${index}]`, `${height} × ${width}, as the first`, made.value));
      images.push(made.value);
      if (values.length * made.value.data.length > MOST_VALUES)
        return fail({
          code: "input_shape",
          input,
          expected: `at most ${Math.floor(MOST_VALUES / made.value.data.length)} images of ${height} × ${width} at once`,
          found: `${values.length} images`,
        });
    }
    return ok(new Map([[input, laidOut(images, pipeline)]]));
  };

function imageOf(
  value: unknown,
  path: string,
  { input, channels, steps }: ImagePipeline,
): Result<Image, InputProblem> {
  const read = readRawImage(value, { input, path });
  if (!read.ok) return read;
  let image = convertChannels(read.value, channels);
  for (const step of steps) {
    if (step.op === "crop" && (image.width < step.width || image.height < step.height))
      return fail(problem(input, path, `at least ${step.height} × ${step.width} to crop`, image));
    image = taken(image, step);
  }
  return ok(image);
}

const problem = (
  input: string,
  path: string,
  expected: string,
  { width, height }: Image,
): InputProblem => ({ code: "input_shape", input, expected, found: `${height} × ${width}`, path });

function taken(image: Image, step: ImageStep): Image {
  switch (step.op) {
    case "resize":
      return resizeImage(image, step);
    case "crop":
      return cropped(image, step.width, step.height);
    case "divide":
      return mapped(image, (value) => value / step.by);
    case "normalize":
      return mapped(
        image,
        (value, channel) => (value - (step.mean[channel] ?? 0)) / (step.std[channel] ?? 1),
      );
  }
}

/** The middle; where it has none, halves go to the even pixel, as in torchvision. */
function cropped({ channels, ...image }: Image, width: number, height: number): Image {
  const left = roundHalfEven((image.width - width) / 2);
  const top = roundHalfEven((image.height - height) / 2);
  const data = new Float32Array(width * height * channels);
  for (let y = 0; y < height; y += 1) {
    const from = ((top + y) * image.width + left) * channels;
    data.set(image.data.subarray(from, from + width * channels), y * width * channels);
  }
  return { width, height, channels, data };
}

const mapped = (
  { data, ...size }: Image,
  of: (value: number, channel: number) => number,
): Image => ({
  ...size,
  data: data.map((value, index) => of(value, index % size.channels)),
});

function laidOut(images: readonly Image[], { channels, layout, flatten }: ImagePipeline) {
  const { width, height, data } = images[0] ?? { width: 0, height: 0, data: { length: 0 } };
  const values = new Float32Array(images.length * data.length);
  for (const [index, image] of images.entries()) {
    const row = values.subarray(index * data.length, (index + 1) * data.length);
    if (layout !== "chw") row.set(image.data);
    else
      for (let at = 0; at < row.length; at += 1)
        row[(at % channels) * width * height + Math.floor(at / channels)] = image.data[at] ?? 0;
  }
  const dims = {
    chw: [channels, height, width],
    hwc: [height, width, channels],
    hw: [height, width],
  };
  return { dims: [images.length, ...(flatten ? [data.length] : dims[layout])], values };
}
