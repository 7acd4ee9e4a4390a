import type { Field } from "../../schema.ts";
import type { Batch, Cell, ReadOptions, Table, TensorCell } from "../../table.ts";
import { BATCH_BYTES, BATCH_ROWS } from "../limits.ts";
import { resolveRange } from "../range.ts";
import { checkSlice, checkWhole } from "./array-slice.ts";
import { AttributeColumns } from "./attribute-columns.ts";
import { notesOf, type Notes } from "./column.ts";
import { damaged, tooLarge } from "./hdf5-fault.ts";
import type { Hdf5Dataset } from "./hdf5-dataset.ts";
import type { Hdf5File } from "./open-hdf5.ts";
import { LARGEST_ROW } from "./source.ts";
import type { Found } from "./survey.ts";

/**
 * Whether each array is a signal of its own, which makes a row and not a column: all of one axis
 * and one type of numbers, and either all of different lengths, or all in groups, of different
 * lengths or in several groups.
 */
export function areSignals(found: readonly Found[]): boolean {
  const lengths = new Set(found.map(({ shape }) => shape[0]));
  const types = new Set(found.map(({ type }) => (type.kind === "number" ? type.element : "")));
  const groups = new Set(found.map(({ path }) => groupOf(path)));
  if (found.length < 2 || types.size > 1 || types.has("")) return false;
  if (found.some(({ shape }) => shape.length !== 1)) return false;
  return (
    lengths.size === found.length || (!groups.has("") && (lengths.size > 1 || groups.size > 1))
  );
}

const groupOf = (path: string): string => path.split("/").slice(0, -1).join("/");

/** One row for each signal: where it lies, the name of its group, its samples, and its attributes. */
export async function signalTable(
  file: Hdf5File,
  found: readonly Found[],
  options: ReadOptions,
  warnings: string[],
): Promise<Table> {
  warnings.push(
    `each of the ${found.length} arrays was read as a signal, one a row; name them in 'arrays' to read them as columns`,
  );
  const attributes = new AttributeColumns(found.length, ["path", "group", "signal"]);
  const notes: Notes[] = [];
  for (const [row, { address, path }] of found.entries()) {
    const dataset = await openSignal(file, address, path);
    dataset.check();
    notes.push(await notesOf(dataset.attributes, file.root.attributes));
    await attributes.add(row, dataset.attributes);
  }
  const told = attributes.finish();
  const schema = {
    fields: [
      text("path"),
      text("group"),
      signalField(found, notes, options),
      ...told.map(({ field }) => field),
    ],
  };
  const cellsOf = async (place: number, from: number, rows: number): Promise<Cell[]> => {
    const part = found.slice(from, from + rows);
    if (place === 0) return part.map(({ path }) => path);
    if (place === 1) return part.map(({ path }) => groupOf(path).split("/").at(-1) ?? "");
    if (place > 2) return told[place - 3]?.cells.slice(from, from + rows) ?? [];
    const cells: Cell[] = [];
    for (const { address, path, shape } of part)
      cells.push(await readSignal(file, { address, path }, 0, shape[0] ?? 0));
    return cells;
  };
  return {
    schema,
    rows: found.length,
    warnings,
    async *batches(range) {
      const { from, to, columns } = resolveRange(schema, range);
      const end = Math.min(to, found.length);
      for (let at = from; at < end;) {
        const rows = columns.includes(2) ? fitting(found, at, end) : Math.min(BATCH_ROWS, end - at);
        const batch: Batch = { rows, columns: [] };
        for (const place of columns) batch.columns.push(await cellsOf(place, at, rows));
        yield batch;
        at += rows;
      }
    },
    async slice(column, row, from, to) {
      resolveRange({ fields: schema.fields.slice(2, 3) }, { columns: [column] });
      checkWhole("row", row, 0, found.length - 1);
      const signal = found[row] ?? { address: 0, path: "", shape: [0] };
      checkSlice(from, to, signal.shape[0] ?? 0);
      return readSignal(file, signal, from, to);
    },
  };
}

async function openSignal(file: Hdf5File, address: number, path: string): Promise<Hdf5Dataset> {
  const dataset = await file.open(address, path);
  if (dataset.kind === "dataset") return dataset;
  throw damaged(`'${path}' has become something else`);
}

async function readSignal(
  file: Hdf5File,
  { address, path }: { address: number; path: string },
  from: number,
  to: number,
): Promise<TensorCell> {
  const dataset = await openSignal(file, address, path);
  const bytes = (to - from) * dataset.type.size;
  if (bytes > LARGEST_ROW)
    throw tooLarge(
      `'${path}' has ${bytes} bytes, more than the ${LARGEST_ROW} that are read at once; ask for slices`,
    );
  const data = await dataset.read({ start: [from], count: [to - from] });
  if (Array.isArray(data)) throw damaged(`'${path}' has become something else`);
  return { dims: [to - from], data };
}

/** How many signals make a batch, at least one. */
function fitting(found: readonly Found[], from: number, end: number): number {
  let bytes = 0;
  for (let at = from; at < Math.min(end, from + BATCH_ROWS); at++) {
    bytes += (found[at]?.shape[0] ?? 0) * (found[at]?.type.size ?? 0);
    if (bytes > BATCH_BYTES && at > from) return at - from;
  }
  return Math.min(end - from, BATCH_ROWS);
}

const text = (name: string): Field => ({ name, type: "string", nullable: false });

function signalField(
  found: readonly Found[],
  notes: readonly Notes[],
  options: ReadOptions,
): Field {
  const [first] = found;
  const lengths = new Set(found.map(({ shape }) => shape[0] ?? 0));
  const rate = shared(notes.map(({ samplingRate }) => samplingRate)) ?? options.sampling_rate_hz;
  const unit = shared(notes.map((note) => note.unit));
  return {
    name: "signal",
    type: first?.type.kind === "number" ? first.type.element : "float64",
    nullable: false,
    shape: [lengths.size === 1 ? ([...lengths][0] ?? null) : null],
    ...(rate !== undefined && { sampling_rate_hz: rate }),
    ...(unit !== undefined && { unit }),
  };
}

/** What all have in common. */
const shared = <T>(values: readonly T[]): T | undefined =>
  new Set(values).size === 1 ? values[0] : undefined;
