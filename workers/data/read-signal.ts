import type { SignalPart } from "../../contract/dataset-work.ts";
import { DatasetFault } from "../../domain/datasets/dataset-fault.ts";
import type { Field } from "../../domain/datasets/schema.ts";
import { type Cell, isTensor, type Table, type TensorCell } from "../../domain/datasets/table.ts";

type Asked = {
  column?: string | undefined;
  row: number;
  from?: number | undefined;
  to?: number | undefined;
};

/** What is sent of a signal at once, in samples over all channels. */
const MOST_SAMPLES = 2 ** 21;

/** A part of one row's tensor along its last axis, read by range where the format allows it. */
export async function readSignal(table: Table, asked: Asked): Promise<SignalPart> {
  const field = signalField(table, asked.column);
  const { name: column, sampling_rate_hz = null, unit = null, shape } = field;
  const known = shape?.at(-1);
  if (table.slice && typeof known === "number") {
    const { from, to } = bounds(asked, known, shape ?? []);
    const tensor = await table.slice(column, asked.row, from, to);
    return { column, tensor, from, length: known, sampling_rate_hz, unit };
  }
  const whole = await wholeTensor(table, column, asked.row);
  const length = whole.dims.at(-1) ?? 1;
  const { from, to } = bounds(asked, length, whole.dims);
  return { column, tensor: cut(whole, from, to), from, length, sampling_rate_hz, unit };
}

function signalField({ schema }: Table, asked: string | undefined): Field {
  const signals = schema.fields.filter(isTensor);
  const found = asked === undefined ? signals[0] : signals.find(({ name }) => name === asked);
  if (found) return found;
  const names = signals.slice(0, 20).map(({ name }) => `'${name}'`);
  throw new DatasetFault(
    "column_unknown",
    names.length === 0
      ? "no column of this data holds signals: they are columns of tensors"
      : `no column '${asked}' holds signals; these do: ${names.join(", ")}`,
    { field: "column" },
  );
}

function bounds(
  { from = 0, to }: Asked,
  length: number,
  dims: readonly (number | null)[],
): { from: number; to: number } {
  const end = Math.min(length, to ?? length);
  if (from > end || (from === end && length > 0))
    throw new DatasetFault(
      "option_invalid",
      `the signal has ${length} samples, and ${from} to ${to ?? length} are none of them`,
      { field: "from" },
    );
  const channels = dims.slice(0, -1).reduce<number>((product, size) => product * (size ?? 1), 1);
  if ((end - from) * channels > MOST_SAMPLES)
    throw new DatasetFault(
      "file_too_large",
      `at most ${MOST_SAMPLES} samples are read at once, and this asks for ${(end - from) * channels}: give from and to`,
      { field: "to" },
    );
  return { from, to: end };
}

async function wholeTensor(table: Table, column: string, row: number): Promise<TensorCell> {
  for await (const { columns } of table.batches({ from: row, limit: 1, columns: [column] })) {
    const cell: Cell | undefined = columns[0]?.[0];
    if (typeof cell === "object" && cell && "dims" in cell && "data" in cell)
      return cell as TensorCell;
    throw new DatasetFault("option_invalid", `row ${row} of column '${column}' has no signal`, {
      field: "row",
    });
  }
  throw new DatasetFault("option_invalid", `the data has no row ${row}`, { field: "row" });
}

function cut({ dims, data }: TensorCell, from: number, to: number): TensorCell {
  const length = dims.at(-1) ?? 1;
  const count = length === 0 ? 0 : data.length / length;
  const part = data.slice(0, count * (to - from));
  for (let channel = 0; channel < count; channel += 1) {
    const start = channel * length;
    // Both are arrays of one type, which TypeScript cannot see.
    (part as Float64Array).set(
      data.subarray(start + from, start + to) as Float64Array,
      channel * (to - from),
    );
  }
  return { dims: [...dims.slice(0, -1), to - from], data: part };
}
