import { elementCount } from "../tensor-data.ts";

/** The place in a row-major array of the element that is the i-th where the first index changes fastest. */
export function firstFastest(dims: readonly number[], index: number): number {
  let left = index;
  let position = 0;
  let step = elementCount(dims);
  for (const size of dims) {
    step /= size;
    position += (left % size) * step;
    left = Math.floor(left / size);
  }
  return position;
}
