import type { Random } from "../../../../domain/statistics/random.ts";
import { countOf } from "../../../../domain/tensors/tensor.ts";

/** The attributes of a convolution or a pooling, and sizes that its windows fit. */
export type RandomWindows = {
  sizes: number[];
  kernel_shape: number[];
  strides: number[];
  dilations: number[];
  pads: number[];
};

/** Between `least` and `most`, both included. */
export const between = (random: Random, least: number, most: number): number =>
  least + random.integer(most - least + 1);

/** Windows over one or two axes; every pad is smaller than its kernel, as poolings ask. */
export function randomWindows(random: Random, rank: number): RandomWindows {
  const each = (make: (axis: number) => number): number[] =>
    Array.from({ length: rank }, (_, axis) => make(axis));
  const kernel_shape = each(() => between(random, 1, 3));
  const strides = each(() => between(random, 1, 3));
  const dilations = each(() => between(random, 1, 2));
  const pad = (axis: number): number => between(random, 0, (kernel_shape[axis] ?? 1) - 1);
  const pads = [...each(pad), ...each(pad)];
  const sizes = each((axis) => {
    const reach = ((kernel_shape[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
    return reach + between(random, 0, rank === 1 ? 6 : 2);
  });
  return { sizes, kernel_shape, strides, dilations, pads };
}

export const describeWindows = (windows: RandomWindows, more = ""): string =>
  `${Object.entries(windows)
    .map(([name, values]) => `${name} ${values.join("x")}`)
    .join(", ")}${more} (${countOf(windows.sizes)} elements)`;
