import { elementCount } from "../tensor-data.ts";
import type { Column } from "./column.ts";
import type { Hdf5Dataset, Leaf } from "./hdf5-dataset.ts";

/** A column and where its cells come from: an array's elements, or a member of them. */
export type Source = Column & { dataset: Hdf5Dataset; leaf: Leaf };

/** Bytes of a row, which is held as a whole, but for slices; and of a slice. */
export const LARGEST_ROW = 32 * 2 ** 20;

export const elementsPerRow = ({ shape }: Hdf5Dataset): number =>
  elementCount((shape ?? []).slice(1));

/** Bytes of a row's elements, without texts and sequences, which lie apart. */
export const rowSize = (dataset: Hdf5Dataset): number =>
  elementsPerRow(dataset) * dataset.type.size;
