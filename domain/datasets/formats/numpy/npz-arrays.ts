import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import { MOST_COLUMNS } from "../../schema-rules/check-schema.ts";
import type { Platform } from "../platform.ts";
import type { TextDecoding } from "../text/decoder.ts";
import { quoted } from "../misfit.ts";
import { type NpyHeader, readNpyHeader } from "./npy-header.ts";
import { readZipDirectory, type ZipEntry } from "./zip-directory.ts";
import { type OpenEntry, openEntry } from "./zip-entry.ts";

/** Each takes some tens of kilobytes while it is read. */
const MOST_DEFLATED = 256;

/** An array of a file; `open` begins to read its .npy content. */
export type NamedArray = {
  name: string;
  header: NpyHeader;
  isForward: boolean;
  open(): Promise<OpenEntry>;
};

/** The arrays of a .npz file, and what is to be said of entries that are none that can be read. */
export async function npzArrays(
  source: ByteSource,
  platform: Platform,
  decoding: TextDecoding,
): Promise<{ arrays: NamedArray[]; warnings: string[] }> {
  const entries = await readZipDirectory(source, decoding);
  if (entries.length > MOST_COLUMNS)
    throw new DatasetFault("file_unsupported", `the archive has more than ${MOST_COLUMNS} entries`);
  const arrays: NamedArray[] = [];
  const warnings: string[] = [];
  for (const entry of entries) {
    const name = entry.name.replace(/\.npy$/, "");
    if (arrays.some((array) => array.name === name))
      throw new DatasetFault("file_invalid", `the archive has two arrays named ${quoted(name)}`);
    const open = (): Promise<OpenEntry> => openEntry(source, entry, platform.inflateRaw);
    const header = await headerOf(entry, open, platform, warnings);
    if (header) arrays.push({ name, header, isForward: entry.isDeflated, open });
  }
  return { arrays, warnings };
}

async function headerOf(
  entry: ZipEntry,
  open: () => Promise<OpenEntry>,
  platform: Platform,
  warnings: string[],
): Promise<NpyHeader | undefined> {
  if (!entry.name.endsWith(".npy")) {
    warnings.push(`${quoted(entry.name)} is no .npy file and is not read`);
    return undefined;
  }
  const opened = await open();
  try {
    return await readNpyHeader(opened.source, platform);
  } catch (error) {
    if (!(error instanceof DatasetFault)) throw error;
    const { code, message } = error.problem;
    if (code !== "file_unsupported")
      throw new DatasetFault(code, `the array ${quoted(entry.name)}: ${message}`);
    warnings.push(`${quoted(entry.name)} is not read: ${message}`);
    return undefined;
  } finally {
    await opened.close();
  }
}

/**
 * The arrays that become columns: those named or, where none are, all that have as many rows as
 * most. The warnings tell of the others.
 */
export function chosenArrays(
  arrays: readonly NamedArray[],
  named: readonly string[] | undefined,
  warnings: string[],
): NamedArray[] {
  const chosen = named ? namedArrays(arrays, named) : arraysOfMostRows(arrays);
  const [first] = chosen;
  if (!first)
    throw new DatasetFault("file_unsupported", "the archive has no array that can be read as rows");
  const other = chosen.find((array) => rowsOf(array) !== rowsOf(first));
  if (other)
    throw new DatasetFault(
      "option_invalid",
      `the arrays ${quoted(first.name)} and ${quoted(other.name)} have ${rowsOf(first)} and ${rowsOf(other)} rows: columns have the same number`,
      { field: "arrays" },
    );
  if (chosen.filter(({ isForward }) => isForward).length > MOST_DEFLATED)
    throw new DatasetFault(
      "file_too_large",
      `more than ${MOST_DEFLATED} compressed arrays are not read at once: name those wanted in 'arrays', or write the file with numpy.savez`,
    );
  const inUse = new Set(chosen);
  if (!named)
    for (const array of arrays)
      if (!inUse.has(array))
        warnings.push(
          `${quoted(array.name)} has the shape (${array.header.shape.join(", ")}), not ${rowsOf(first)} rows, and is no column`,
        );
  return chosen;
}

const rowsOf = ({ header }: NamedArray): number | undefined => header.shape[0];

function namedArrays(arrays: readonly NamedArray[], named: readonly string[]): NamedArray[] {
  return named.map((name) => {
    const array = arrays.find((one) => one.name === name);
    if (array) return array;
    throw new DatasetFault(
      "option_invalid",
      `there is no array ${quoted(name)}; there are ${arrays.map((one) => quoted(one.name)).join(", ")}`,
      { field: "arrays" },
    );
  });
}

function arraysOfMostRows(arrays: readonly NamedArray[]): NamedArray[] {
  const byRows = new Map<number, NamedArray[]>();
  for (const array of arrays) {
    const rows = rowsOf(array);
    if (rows !== undefined) byRows.set(rows, [...(byRows.get(rows) ?? []), array]);
  }
  return [...byRows.values()].reduce((most, some) => (some.length > most.length ? some : most), []);
}
