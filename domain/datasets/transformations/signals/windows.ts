import type { Field } from "../../schema.ts";
import type { Batch, Cell, TensorCell } from "../../table.ts";
import { isTensorCell } from "../engine/row-codec.ts";
import { refuse } from "../parameters.ts";

/** Stretches of a signal's last axis: each a row of its own. What is left at the end is left out. */
export type Windows = { column: string; length: number; hop: number; number_as: string };

/** The column with windows in the place of whole signals, and the number of the window. */
export const windowedFields = (
  fields: readonly Field[],
  { column, length, number_as }: Windows,
): Field[] => [
  ...fields.map((field) =>
    field.name === column
      ? { ...field, shape: [...(field.shape ?? []).slice(0, -1), length] }
      : field,
  ),
  { name: number_as, type: "int32", nullable: false },
];

/** Which row and which sample each window of a batch begins at. */
export function windowsOf(
  cells: readonly Cell[],
  { column, length, hop }: Windows,
  first: number,
): { row: number; window: number; from: number }[] {
  return cells.flatMap((cell, row) => {
    if (!isTensorCell(cell)) return [];
    const samples = cell.dims.at(-1) ?? 0;
    const count = samples < length ? 0 : Math.floor((samples - length) / hop) + 1;
    if (count > MOST_WINDOWS)
      refuse(
        "parameters.windows.hop",
        `row ${first + row} of '${column}' has ${count} windows; it may have ${MOST_WINDOWS}`,
      );
    return Array.from({ length: count }, (_, window) => ({ row, window, from: window * hop }));
  });
}

const MOST_WINDOWS = 100_000;

/** The samples of the last axis from `from` on. */
export function cut({ dims, data }: TensorCell, from: number, length: number): TensorCell {
  const samples = dims.at(-1) ?? 0;
  const channels = samples === 0 ? 0 : data.length / samples;
  const whole = data.slice(0, channels * length);
  for (let channel = 0; channel < channels; channel += 1) {
    const start = channel * samples + from;
    copy(whole, data, channel * length, start, length);
  }
  return { dims: [...dims.slice(0, -1), length], data: whole };
}

/** Both arrays are of one type, since one was sliced from the other. */
function copy(
  into: TensorCell["data"],
  data: TensorCell["data"],
  at: number,
  from: number,
  length: number,
): void {
  for (let sample = 0; sample < length; sample += 1) {
    const value = data[from + sample];
    if (value !== undefined) into[at + sample] = value;
  }
}

const MOST_BYTES = 2 ** 20;

/** A batch of rows as windows, in order, a megabyte of them at a time; `number_as` is the last column. */
export function* windowed(
  batch: Batch,
  place: number,
  windows: Windows,
  first: number,
): Iterable<{ batch: Batch; rows: number[] }> {
  const signals = batch.columns[place] ?? [];
  const found = windowsOf(signals, windows, first);
  for (let at = 0; at < found.length;) {
    const cell = signals[found[at]?.row ?? 0] ?? null;
    const channels = isTensorCell(cell) ? cell.data.length / (cell.dims.at(-1) ?? 1) : 1;
    const each = Math.max(1, Math.floor(MOST_BYTES / (8 * channels * windows.length)));
    const some = found.slice(at, at + each);
    yield {
      batch: windowsAt(batch, place, windows, some),
      rows: some.map(({ row }) => row),
    };
    at += each;
  }
}

function windowsAt(
  batch: Batch,
  place: number,
  { length }: Windows,
  found: ReturnType<typeof windowsOf>,
): Batch {
  const columns = batch.columns.map((cells, column) =>
    found.map(({ row, from }): Cell => {
      const cell = cells[row] ?? null;
      return column === place && isTensorCell(cell) ? cut(cell, from, length) : cell;
    }),
  );
  return { rows: found.length, columns: [...columns, found.map(({ window }) => window)] };
}
