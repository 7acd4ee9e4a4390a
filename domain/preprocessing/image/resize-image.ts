import type { ResizeStep } from "../pipeline.ts";
import type { Image } from "./raw-image.ts";

/** The pixels of one line that make a pixel of the new line, and how much each counts. */
type Taps = { from: number; weights: Float64Array };

/**
 * The image in another size. Pixels are squares whose centres lie at halves, so that borders stay
 * borders (`align_corners=False`). `bilinear` weighs by a triangle, which antialiasing widens by as
 * much as the image shrinks (Pillow's rule); `nearest` takes the pixel that the centre falls into.
 */
export function resizeImage(image: Image, step: ResizeStep): Image {
  const { method, antialias } = step;
  const { width, height } = "shorter" in step ? keptRatio(image, step.shorter) : step;
  const taps = (size: number, wanted: number): Taps[] =>
    Array.from({ length: wanted }, (_, index) =>
      method === "nearest"
        ? nearestTap(index, size / wanted, size)
        : triangleTaps(index, size / wanted, size, antialias),
    );
  const narrowed = resample(image, taps(image.width, width), "x");
  return resample(narrowed, taps(image.height, height), "y");
}

/** The longer side is cut to a whole number, as torchvision does. */
const keptRatio = ({ width, height }: Image, shorter: number) =>
  width <= height
    ? { width: shorter, height: Math.floor((shorter * height) / width) }
    : { width: Math.floor((shorter * width) / height), height: shorter };

const nearestTap = (index: number, scale: number, size: number): Taps => ({
  from: Math.min(size - 1, Math.floor((index + 0.5) * scale)),
  weights: Float64Array.of(1),
});

function triangleTaps(index: number, scale: number, size: number, antialias: boolean): Taps {
  const reach = antialias ? Math.max(1, scale) : 1;
  const centre = (index + 0.5) * scale;
  const from = Math.max(0, Math.floor(centre - reach + 0.5));
  const to = Math.min(size, Math.floor(centre + reach + 0.5));
  const weights = new Float64Array(to - from);
  let sum = 0;
  for (let at = from; at < to; at += 1) {
    const weight = Math.max(0, 1 - Math.abs((at + 0.5 - centre) / reach));
    weights[at - from] = weight;
    sum += weight;
  }
  for (let at = 0; at < weights.length; at += 1) weights[at] = (weights[at] ?? 0) / sum;
  return { from, weights };
}

/** Puts a weighted sum for each of the taps in the place of the image's lines or columns. */
function resample(image: Image, taps: readonly Taps[], axis: "x" | "y"): Image {
  const { channels } = image;
  const width = axis === "x" ? taps.length : image.width;
  const height = axis === "y" ? taps.length : image.height;
  const data = new Float32Array(width * height * channels);
  const line = image.width * channels;
  const stride = axis === "x" ? channels : line;
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const tap = taps[axis === "x" ? x : y];
      if (tap === undefined) continue;
      const start = (axis === "x" ? y * line : x * channels) + tap.from * stride;
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 0;
        for (let at = 0; at < tap.weights.length; at += 1)
          sum += (tap.weights[at] ?? 0) * (image.data[start + at * stride + channel] ?? 0);
        data[(y * width + x) * channels + channel] = sum;
      }
    }
  return { width, height, channels, data };
}
