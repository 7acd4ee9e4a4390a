/** What a cell of a column can be; as `Cell` has it in JavaScript. */
export const COLUMN_TYPES = [
  "bool",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "float16",
  "float32",
  "float64",
  "string",
  "binary",
  "date",
  "timestamp",
  "json",
] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

export type Field = {
  name: string;
  type: ColumnType;
  nullable: boolean;
  /** Of a column of tensors: the sizes of one row's tensor, null for a size that differs. */
  shape?: (number | null)[];
  /** Of a signal: samples a second along the last axis of its tensors. */
  sampling_rate_hz?: number;
  /** The unit of its values, as SI writes it. */
  unit?: string;
  description?: string;
};

/** The columns of a dataset, in order. */
export type Schema = {
  fields: Field[];
  /** The columns whose values together tell one row from every other. */
  primary_key?: string[];
  /** The columns that rows are told apart by in use, such as a recording or a day. */
  partition_keys?: string[];
};
