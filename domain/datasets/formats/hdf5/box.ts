import { elementCount } from "../tensor-data.ts";

/** Part of an array: where it begins and how much of each axis it takes. */
export type Box = { start: readonly number[]; count: readonly number[] };

/** Elements that lie in a row both where they are taken from and where they are put. */
export type Run = { from: number; to: number; length: number };

/**
 * How a box of `count` elements is copied out of an array of the sizes `source.shape` into one of
 * `target.shape`, in elements, in order; `start` is where the box begins in each.
 */
export function* runsOf(
  count: readonly number[],
  source: { shape: readonly number[]; start: readonly number[] },
  target: { shape: readonly number[]; start: readonly number[] },
): Generator<Run> {
  if (elementCount(count) === 0) return;
  // The axes from `inner` on lie together in both, all but the first of them whole.
  let inner = Math.max(0, count.length - 1);
  const isWhole = (axis: number): boolean =>
    count[axis] === source.shape[axis] && count[axis] === target.shape[axis];
  while (inner > 0 && isWhole(inner)) inner--;
  const length = elementCount(count.slice(inner));
  const [fromStrides, toStrides] = [stridesOf(source.shape), stridesOf(target.shape)];
  let from = dot(source.start, fromStrides);
  let to = dot(target.start, toStrides);
  const at = Array.from({ length: inner }, () => 0);
  for (;;) {
    yield { from, to, length };
    let axis = inner - 1;
    for (; axis >= 0; axis--) {
      const [fromStride, toStride] = [fromStrides[axis] ?? 0, toStrides[axis] ?? 0];
      const next = (at[axis] ?? 0) + 1;
      from += fromStride;
      to += toStride;
      at[axis] = next;
      if (next < (count[axis] ?? 0)) break;
      from -= next * fromStride;
      to -= next * toStride;
      at[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/** Elements from one to the next along each axis of a row-major array. */
function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  return strides;
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

/** Every place from `first` to `last`, both included, the last axis counting fastest. */
export function* placesBetween(
  first: readonly number[],
  last: readonly number[],
): Generator<readonly number[]> {
  const place = [...first];
  for (;;) {
    yield place;
    let axis = place.length - 1;
    for (; axis >= 0; axis--) {
      const next = (place[axis] ?? 0) + 1;
      if (next <= (last[axis] ?? 0)) {
        place[axis] = next;
        break;
      }
      place[axis] = first[axis] ?? 0;
    }
    if (axis < 0) return;
  }
}
