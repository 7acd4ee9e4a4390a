import { type ExplainRequest, type Linnet, versions } from "@linnet/sdk";
import type { Command } from "commander";
import { type Context, decimal, integer } from "./command.ts";
import { UsageError } from "./exit-codes.ts";
import { readJsonOption, readNamed } from "./json-input.ts";
import { type Inputs, parseInputs, pickRow, rowsOf } from "./model-inputs.ts";
import { type ModelRef, parseModelRef, resolveVersion } from "./model-ref.ts";
import { readTable, type Table, type TableOptions } from "./table-data.ts";

type RowOptions = {
  input?: string;
  data?: string;
  row?: number;
  rows?: number;
  labelColumn?: string;
  scale?: number;
};

type HowOptions = {
  method?: string;
  options?: string;
  class?: string;
  output?: string;
  background?: string;
  groups?: string;
  top?: number;
  interactions?: boolean;
  seed?: number;
  deadline?: number;
  maxResidual?: number;
  maxHalfWidth?: number;
  fresh?: boolean;
};

export type AskOptions = RowOptions & HowOptions;

const TABLE = /\.csv(?:\.gz)?$/;
/** What is taken for a file and not for the name of a set. */
const FILE = /[/\\]|\.(?:csv|json)(?:\.gz)?$/;

export const rowOptions = (command: Command): Command =>
  command
    .option("--input <json>", "the inputs as JSON, as a file of it, or - for standard input")
    .option("--data <file>", "a table (CSV, also .csv.gz) of a row a line, or JSON")
    .option("--label-column <column>", "a column of a table that is no input")
    .option("--scale <number>", "what the numbers of a table are multiplied by", decimal);

export const howOptions = (command: Command): Command =>
  command
    .option("--method <method>", "shap (default), kernel, lime, integrated_gradients, …")
    .option("--options <json>", "options of the method, as JSON or @file")
    .option("--class <class>", "the class to explain, by number or name")
    .option("--output <name>", "the output to explain")
    .option("--background <set>", "rows to compare with: a set's name, or a file")
    .option("--groups <json>", "features that count as one, as JSON or @file")
    .option("--top <number>", "features to show", integer(1, 1_000))
    .option("--interactions", "which features act together, too")
    .option("--seed <number>", "another seed gives other samples", integer(0))
    .option("--deadline <ms>", "take what has been found by then", decimal)
    .option("--max-residual <share>", "sample until less is left unexplained", decimal)
    .option("--max-half-width <number>", "sample until the intervals are so narrow", decimal)
    .option("--fresh", "compute it anew, even where it is cached");

/** A model as it was typed, and tables read as its version takes them. */
export type Subject = {
  client: Linnet;
  ref: ModelRef;
  read: (file: string, options: TableOptions) => Promise<Table>;
};

export async function subjectOf({ world, ...context }: Context, text: string): Promise<Subject> {
  const ref = parseModelRef(text);
  const client = await context.client();
  return {
    client,
    ref,
    async read(file, options) {
      const { signal } = world;
      const { model, version } = await resolveVersion(client, ref, signal);
      const { inputs } = await versions.get(client, model, version, { signal });
      return readTable(world, file, inputs, options);
    },
  };
}

/** Rows; of a table also its labels, and with a head the names of the features. */
type Rows = {
  inputs: Inputs;
  feature_names?: string[] | undefined;
  labels?: Table["data"]["labels"];
};

/** The rows of --input or --data; null where neither is given. */
export async function rowsFrom(
  { world }: Context,
  { read }: Subject,
  { input, data, rows, labelColumn, scale }: RowOptions,
): Promise<Rows | null> {
  if (input !== undefined && data !== undefined)
    throw new UsageError("give --input or --data, not both");
  if (data !== undefined) {
    const table = await read(data, { labelColumn, scale, rows });
    const { inputs, labels } = table.data;
    return { inputs, labels, feature_names: table.names ?? undefined };
  }
  if (input === undefined) return null;
  const isText = input.trimStart().startsWith("{");
  const text = isText ? input : await readNamed(world, input);
  const source = isText || input === "-" ? "the input" : input;
  return { inputs: parseInputs(text, source) };
}

/** The one row that is explained: that of --row, or the only one. */
export function oneRow({ inputs, feature_names }: Rows, row: number | undefined) {
  const count = rowsOf(inputs);
  if (row === undefined && count > 1)
    throw new UsageError(
      `there are ${count} rows: choose one with --row, or see \`linnet explain batch\``,
    );
  if (row !== undefined && row > count)
    throw new UsageError(`there is no row ${row} among ${count}`);
  return { inputs: pickRow(inputs, row ?? 1), feature_names };
}

/** How it is explained, as every request says it; what is not typed is left to the platform. */
export async function howOf(
  { world }: Context,
  subject: Subject,
  options: HowOptions & RowOptions,
): Promise<Omit<ExplainRequest, "inputs" | "prediction_id">> {
  const { method, output, background, top, interactions, seed, fresh } = options;
  const limits = {
    deadline_ms: options.deadline,
    max_residual: options.maxResidual,
    max_half_width: options.maxHalfWidth,
  };
  const json = (flag: "options" | "groups") =>
    options[flag] === undefined ? undefined : readJsonOption(world, `--${flag}`, options[flag]);
  const given = options.class;
  const classOf = given !== undefined && /^\d+$/.test(given) ? Number(given) : given;
  const how = {
    ...subject.ref,
    method,
    options: await json("options"),
    target: output === undefined && given === undefined ? undefined : { output, class: classOf },
    groups: await json("groups"),
    background: await backgroundOf(subject, background, options),
    include_interactions: interactions,
    top_k_features: top,
    seed,
    limits: Object.values(limits).some((limit) => limit !== undefined) ? limits : undefined,
    fresh,
  };
  // The platform checks what was typed as JSON, and the method.
  return how as Omit<ExplainRequest, "inputs" | "prediction_id">;
}

async function backgroundOf(
  subject: Subject,
  given: string | undefined,
  options: RowOptions,
): Promise<ExplainRequest["background"]> {
  if (given === undefined || !FILE.test(given)) return given;
  const { data } = await readBeside(subject, given, options);
  return { inputs: data.inputs };
}

/** A file beside that of --data: a table is read as that is. */
export const readBeside = (
  { read }: Subject,
  file: string,
  { labelColumn, scale }: RowOptions,
): Promise<Table> => read(file, TABLE.test(file) ? { labelColumn, scale } : {});
