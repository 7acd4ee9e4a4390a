import { brief } from "../onnx/onnx-fault.ts";

/** What a dataset's bytes or what is asked of them can be refused for. */
export type DatasetFaultCode =
  /** The bytes are not what their format says: truncated, damaged or hostile. */
  | "file_invalid"
  /** The bytes are what they should be, and use something that cannot be read here. */
  | "file_unsupported"
  /** Reading would take more memory or work than it may. */
  | "file_too_large"
  /** A schema that cannot be one: a column twice, a type that does not exist. */
  | "schema_invalid"
  /** A value that does not fit the schema. */
  | "schema_mismatch"
  /** A schema that may not follow the one before it. */
  | "schema_incompatible"
  | "column_unknown"
  /** An option that is not known, out of range, or does not go with another. */
  | "option_invalid"
  /** A transformation that cannot be carried out. */
  | "transformation_invalid"
  /** Bytes that the manifest names are not there. */
  | "data_missing"
  | "cancelled";

export type DatasetProblem = {
  code: DatasetFaultCode;
  message: string;
  /** The option or column at fault, as the caller named it. */
  field?: string;
  /** The row at fault, counted from 0. */
  row?: number;
};

/** Thrown by every function of this folder for what a caller or a file can cause; anything else is a bug. */
export class DatasetFault extends Error {
  readonly problem: DatasetProblem;

  constructor(
    code: DatasetFaultCode,
    message: string,
    at: Pick<DatasetProblem, "field" | "row"> = {},
  ) {
    super(brief(message));
    this.name = "DatasetFault";
    this.problem = { code, message: this.message, ...at };
  }
}
