import { filled, indexOf, positionOf, type Numbers } from "./array.ts";

/** Vectors of heads: [batch, heads, length, size]. */
export type Heads = Numbers;

/** The element at a position. */
export const elementAt = (x: Numbers, ...position: number[]): number =>
  x.data[indexOf(position, x.dims)] ?? Number.NaN;

/** [batch, length, count * size] apart by heads; a tensor of four axes as it is. */
export function heads(x: Numbers, count = 1): Heads {
  if (x.dims.length === 4) return x;
  const [batch = 0, length = 0, packed = 0] = x.dims;
  const size = packed / count;
  const dims = [batch, count, length, size];
  return filled(x.type, dims, (index) => {
    const [b = 0, h = 0, i = 0, d = 0] = positionOf(index, dims);
    return elementAt(x, b, i, h * size + d);
  });
}

/** What comes before, then what is new, along the length. */
export function joined(past: Heads, now: Heads): Heads {
  const [batch = 0, count = 0, before = 0, size = 0] = past.dims;
  const dims = [batch, count, before + (now.dims[2] ?? 0), size];
  return filled(now.type, dims, (index) => {
    const [b = 0, h = 0, i = 0, d = 0] = positionOf(index, dims);
    return i < before ? elementAt(past, b, h, i, d) : elementAt(now, b, h, i - before, d);
  });
}

/** [batch, heads, length, size] as [batch, length, heads * size]. */
export function packed(x: Heads): Numbers {
  const [batch = 0, count = 0, length = 0, size = 0] = x.dims;
  const dims = [batch, length, count * size];
  return filled(x.type, dims, (index) => {
    const [b = 0, i = 0, last = 0] = positionOf(index, dims);
    return elementAt(x, b, Math.floor(last / size), i, last % size);
  });
}
