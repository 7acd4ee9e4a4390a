import type { Image } from "./raw-image.ts";

/** ITU-R BT.601. */
const RED = 0.299;
const GREEN = 0.587;
const BLUE = 0.114;

/** Grey of colours, or grey as colours; opacity, the last of 2 or 4 channels, is left out. */
export function convertChannels(image: Image, wanted: 1 | 3): Image {
  const { width, height, channels } = image;
  if (channels === wanted) return image;
  const isGrey = channels <= 2;
  const data = new Float32Array(width * height * wanted);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const from = pixel * channels;
    const red = image.data[from] ?? 0;
    const green = isGrey ? red : (image.data[from + 1] ?? 0);
    const blue = isGrey ? red : (image.data[from + 2] ?? 0);
    if (wanted === 3) {
      data[pixel * 3] = red;
      data[pixel * 3 + 1] = green;
      data[pixel * 3 + 2] = blue;
    } else data[pixel] = isGrey ? red : RED * red + GREEN * green + BLUE * blue;
  }
  return { width, height, channels: wanted, data };
}
