import { countOf } from "../../tensors/tensor.ts";
import { indexOf, isTexts, numbers, positionOf } from "./array.ts";
import { picked, type Elements } from "./rearrange.ts";

/** The part from `start` up to `end` along an axis. */
export function sliced(source: Elements, axis: number, start: number, end: number): Elements {
  const dims = source.dims.with(axis, end - start);
  return picked(source, dims, (position) =>
    indexOf(position.with(axis, (position[axis] ?? 0) + start), source.dims),
  );
}

/** The part at one index along an axis, without that axis. */
export function elementAt(source: Elements, axis: number, index: number): Elements {
  const part = sliced(source, axis, index, index + 1);
  return { ...part, dims: part.dims.toSpliced(axis, 1) };
}

/** Tensors one after another along an axis they have. */
export function joined(parts: readonly Elements[], axis: number): Elements {
  const [first] = parts;
  if (first === undefined) throw new RangeError("nothing to join");
  const ends: number[] = [];
  for (const part of parts) ends.push((ends.at(-1) ?? 0) + (part.dims[axis] ?? 0));
  const dims = first.dims.with(axis, ends.at(-1) ?? 0);
  const at = (index: number): number | string => {
    const position = positionOf(index, dims);
    const along = position[axis] ?? 0;
    const chosen = ends.findIndex((end) => along < end);
    const part = parts[chosen] ?? first;
    const inside = position.with(axis, along - (chosen === 0 ? 0 : (ends[chosen - 1] ?? 0)));
    return part.data[indexOf(inside, part.dims)] ?? 0;
  };
  const data = Array.from({ length: countOf(dims) }, (_, index) => at(index));
  return isTexts(first)
    ? { ...first, dims, data: data.map(String) }
    : numbers(first.type, dims, data.map(Number));
}

/** Tensors of the same dims side by side along a new axis. */
export const stacked = (parts: readonly Elements[], axis: number): Elements =>
  joined(
    parts.map((part) => ({ ...part, dims: part.dims.toSpliced(axis, 0, 1) })),
    axis,
  );
