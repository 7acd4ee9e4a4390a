import type { Cursor } from "./cursor.ts";
import { elementCount } from "../tensor-data.ts";
import { damaged } from "./hdf5-fault.ts";

const MOST_DIMENSIONS = 32;

/** The sizes of an array: none of a scalar, and null for one that has no elements by its kind. */
export type Dataspace = {
  shape: number[] | null;
  /** The most that each size may grow to, null for any. */
  limits: (number | null)[];
};

/** Reads a dataspace message (section IV.A.2.b). */
export function readDataspace(cursor: Cursor, lengthSize: number): Dataspace {
  const version = cursor.uint(1);
  if (version !== 1 && version !== 2) throw damaged(`a dataspace has the version ${version}`);
  const rank = cursor.uint(1);
  const flags = cursor.uint(1);
  const kind = cursor.uint(1);
  if (version === 1) cursor.skip(4);
  if (rank > MOST_DIMENSIONS)
    throw damaged(`an array has ${rank} dimensions, more than the ${MOST_DIMENSIONS} that it may`);
  const shape = Array.from({ length: rank }, () => cursor.uint(lengthSize));
  const limits =
    (flags & 1) === 0 ? shape : Array.from({ length: rank }, () => cursor.optional(lengthSize));
  if (!Number.isSafeInteger(elementCount(shape)))
    throw damaged(`an array has the sizes ${shape.join(" x ")}`);
  return { shape: version === 2 && kind === 2 ? null : shape, limits };
}
