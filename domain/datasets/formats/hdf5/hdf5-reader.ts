import { DatasetFault } from "../../dataset-fault.ts";
import type { ReadOptions, Table } from "../../table.ts";
import { conformTable } from "../conform-table.ts";
import type { ReaderFactory } from "../platform.ts";
import { arrayTable } from "./array-table.ts";
import { openHdf5, type Hdf5File } from "./open-hdf5.ts";
import { areSignals, signalTable } from "./signal-table.ts";
import { byPlace, survey, surveyPaths, withMostRows } from "./survey.ts";

/**
 * HDF5 files by ranges: arrays with as many rows as most become columns named after their paths,
 * or, where each array is a signal of its own, rows. `arrays` says which arrays become columns.
 */
export const hdf5Reader: ReaderFactory = (platform) => ({
  sequential: false,
  async read(source, options) {
    const file = await openHdf5(source, platform);
    return conformTable(await tableOf(file, options), options.schema);
  },
});

async function tableOf(file: Hdf5File, options: ReadOptions): Promise<Table> {
  const warnings: string[] = [];
  if (options.arrays !== undefined) {
    const found = await surveyPaths(file, options.arrays);
    return arrayTable(file, found, options, warnings);
  }
  const found = await survey(file, warnings);
  if (found.length === 0)
    throw new DatasetFault("file_unsupported", "this HDF5 file has no arrays that could be read");
  const columns = byPlace(found);
  if (columns !== null) return arrayTable(file, columns, options, warnings);
  if (areSignals(found)) return signalTable(file, found, options, warnings);
  return arrayTable(file, withMostRows(found, warnings), options, warnings);
}
