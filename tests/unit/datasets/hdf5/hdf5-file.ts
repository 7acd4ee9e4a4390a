import { readFileSync } from "node:fs";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import type { ByteSource } from "../../../../domain/datasets/byte-source.ts";
import { hdf5Reader } from "../../../../domain/datasets/formats/hdf5/hdf5-reader.ts";
import { openHdf5, type Hdf5File } from "../../../../domain/datasets/formats/hdf5/open-hdf5.ts";
import type { Hdf5Dataset } from "../../../../domain/datasets/formats/hdf5/hdf5-dataset.ts";
import type { Cell, ReadOptions, Table } from "../../../../domain/datasets/table.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";

/** A file of tests/unit/vectors/datasets/hdf5, made by h5py. */
export const vector = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../vectors/datasets/hdf5/${name}`, import.meta.url)));

export const vectorJson = (name: string): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(vector(name))) as Record<string, unknown>;

export const openVector = (name: string): Promise<Hdf5File> =>
  openHdf5(sourceOf(vector(name)), nodePlatform);

export async function datasetOf(file: Hdf5File, path: string): Promise<Hdf5Dataset> {
  const object = await file.find(path);
  if (object.kind !== "dataset") throw new Error(`${path} is a ${object.kind}`);
  return object;
}

export const readTable = (
  bytes: Uint8Array | ByteSource,
  options: ReadOptions = {},
): Promise<Table> =>
  hdf5Reader(nodePlatform).read(bytes instanceof Uint8Array ? sourceOf(bytes) : bytes, options);

/** All cells of a table, by column. */
export async function cellsOf(
  table: Table,
  range?: Parameters<Table["batches"]>[0],
): Promise<Record<string, Cell[]>> {
  const names = range?.columns ?? table.schema.fields.map(({ name }) => name);
  const cells: Record<string, Cell[]> = Object.fromEntries(names.map((name) => [name, []]));
  for await (const { columns } of table.batches(range))
    for (const [place, name] of names.entries()) cells[name]?.push(...(columns[place] ?? []));
  return cells;
}
