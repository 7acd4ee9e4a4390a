import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { Field, Schema } from "../../schema.ts";
import type { Batch, Cell, Range, Table } from "../../table.ts";
import { BatchBuilder } from "../batch-builder.ts";
import type { InferFactory } from "../inferred.ts";
import { MOST_COLUMNS } from "../../schema-rules/check-schema.ts";
import { SAMPLE_BYTES, SAMPLE_ROWS } from "../limits.ts";
import { misfit, missing, quoted } from "../misfit.ts";
import type { ReaderFactory } from "../platform.ts";
import { resolveRange } from "../range.ts";
import { withSamplingRate } from "../sampling-rate.ts";
import { TextDecoding } from "../text/decoder.ts";
import { type Feature, readExample } from "./example.ts";
import {
  cellOfFeature,
  type Evidence,
  evidenceOf,
  fieldOf,
  fieldsWith,
  joinedEvidence,
  type Present,
} from "./feature-columns.ts";
import { Records } from "./records.ts";
import { WireReader } from "./wire-reader.ts";

/**
 * TFRecord files of tf.train.Example, not compressed. Columns are in the order of their names, as
 * the map that holds them has none. Without a schema they are guessed from the first records, all
 * nullable; a later record that would have made the guess another ends the batches with a
 * `schema_mismatch`. A table read to its end has thus the schema that `inferTfrecord` finds.
 */
export const tfrecordReader: ReaderFactory = (platform) => ({
  sequential: true,
  async read(source, options) {
    const { schema } = options;
    const decoding = new TextDecoding(platform);
    const start = await source.read(0, Math.min(source.size, SAMPLE_BYTES));
    if (schema) return tableOf({ source, head: start, decoding, guess: undefined }, schema);
    const seen = new FeaturesSeen(source, start, decoding);
    // The first record may be longer than the sample.
    await seen.records.hold();
    const head = seen.records.window.bytes;
    const isHere = (): boolean => seen.records.isHere || seen.records.window.isComplete;
    while (seen.records.row < SAMPLE_ROWS && isHere() && (await seen.observe()));
    const isWhole = seen.records.window.left === 0;
    const undecided = isWhole ? new Set<string>() : seen.undecided;
    const file = { source, head, decoding, guess: { undecided } };
    const table = tableOf(file, withSamplingRate(seen.schema(), options));
    if (isWhole) return table;
    const rated = (fields: Field[]): Field[] => withSamplingRate({ fields }, options).fields;
    return { ...table, mayBecome: (name) => seen.mayBecome(name, rated) };
  },
});

/** The schema that all records of a TFRecord file fit. */
export const inferTfrecord: InferFactory = (platform) => async (source) => {
  const seen = new FeaturesSeen(source, new Uint8Array(0), new TextDecoding(platform));
  while (await seen.observe());
  return { schema: seen.schema(), rows: seen.records.row, warnings: [] };
};

/** What was met under each name so far; null where a feature was there and had no list. */
class FeaturesSeen {
  readonly records: Records;
  readonly #decoding: TextDecoding;
  readonly #evidence = new Map<string, Evidence | null>();

  constructor(source: ByteSource, head: Uint8Array, decoding: TextDecoding) {
    this.records = new Records(source, head);
    this.#decoding = decoding;
  }

  /** The names under which nothing was met yet. */
  get undecided(): Set<string> {
    return new Set([...this.#evidence].flatMap(([name, evidence]) => (evidence ? [] : name)));
  }

  /** Takes in the next record; false at the end. */
  async observe(): Promise<boolean> {
    const { row } = this.records;
    const record = await this.records.next();
    if (!record) return false;
    for (const [name, feature] of featuresOf(record, row, this.#decoding))
      this.#add(name, feature, row);
    return true;
  }

  schema(): Schema {
    const fields = [...this.#evidence]
      .map(([name, evidence]): Field =>
        evidence ? fieldOf(name, evidence) : { name, type: "json", nullable: true },
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    if (fields.length > 0) return { fields };
    throw new DatasetFault(
      "file_invalid",
      "no record of the file has a feature, so that it has no columns: is it empty?",
    );
  }

  /** Null for a feature of which nothing was met. */
  mayBecome(name: string, rated: (fields: Field[]) => Field[]): Field[] | null {
    const evidence = this.#evidence.get(name);
    return evidence ? rated(fieldsWith(name, evidence)) : null;
  }

  #add(name: string, feature: Feature, row: number): void {
    const before = this.#evidence.get(name) ?? null;
    const now = feature && evidenceOf(feature, this.#decoding);
    const joined = before && now ? joinedEvidence(before, now) : (now ?? before);
    if (joined === undefined)
      throw new DatasetFault(
        "schema_mismatch",
        `feature ${quoted(name)} is a list of ${now?.kind} in record ${row}, and of ${before?.kind} before`,
        { field: name, row },
      );
    this.#evidence.set(name, joined);
    if (this.#evidence.size > MOST_COLUMNS)
      throw new DatasetFault("file_unsupported", `there are more than ${MOST_COLUMNS} features`);
  }
}

function featuresOf(
  record: Uint8Array,
  row: number,
  decoding: TextDecoding,
): ReadonlyMap<string, Feature> {
  try {
    return readExample(new WireReader(record), decoding);
  } catch (error) {
    if (!(error instanceof DatasetFault)) throw error;
    const { code, message } = error.problem;
    throw new DatasetFault(code, `record ${row}: ${message}`, { row });
  }
}

type File = {
  source: ByteSource;
  head: Uint8Array;
  decoding: TextDecoding;
  /** Of guessed columns, those that were guessed from nothing. */
  guess: { undecided: ReadonlySet<string> } | undefined;
};

const tableOf = (file: File, schema: Schema): Table => ({
  schema,
  rows: null,
  warnings: [],
  batches: (range) => batchesOf(file, schema, range),
});

async function* batchesOf(file: File, schema: Schema, range?: Range): AsyncGenerator<Batch> {
  const { from, to, columns: places } = resolveRange(schema, range);
  const known = new Set(schema.fields.map(({ name }) => name));
  const wanted = places.flatMap((place) => schema.fields[place] ?? []);
  const records = new Records(file.source, file.head);
  const builder = new BatchBuilder(wanted.length, 0);
  while (records.row < to) {
    const { row } = records;
    const record = await records.next();
    if (!record) break;
    if (row < from) continue;
    const features = featuresOf(record, row, file.decoding);
    for (const name of features.keys()) if (!known.has(name)) throw unknownName(name, row, file);
    wanted.forEach((field, index) => {
      builder.columns[index]?.push(cellOf(field, features.get(field.name) ?? null, row, file));
    });
    builder.rows++;
    if (builder.isFull(records.window.position)) yield builder.take(records.window.position);
  }
  if (builder.rows > 0) yield builder.take(records.window.position);
}

function cellOf(field: Field, feature: Feature, row: number, { decoding, guess }: File): Cell {
  if (!feature) {
    if (field.nullable) return null;
    throw missing(field, row);
  }
  const isHeld =
    !guess || (!guess.undecided.has(field.name) && leavesGuess(field, feature, decoding));
  if (isHeld) {
    const cell = cellOfFeature(field, feature, decoding);
    if (cell !== undefined) return cell;
  }
  throw misfit(field, row, inWords(feature), guess !== undefined);
}

/** Whether a guessed column stays what it is with this feature in it. */
function leavesGuess(field: Field, feature: Present, decoding: TextDecoding): boolean {
  if (field.type === "json") return feature.kind === "bytes";
  const { type } = fieldOf(field.name, { ...evidenceOf(feature, decoding), least: 1, most: 1 });
  return type === field.type || (field.type === "binary" && type === "string");
}

const inWords = ({ kind, values }: Present): string =>
  `a list of ${values.length} ${kind === "bytes" ? "texts or bytes" : `${kind} values`}`;

const unknownName = (name: string, row: number, { guess }: File): DatasetFault =>
  new DatasetFault(
    "schema_mismatch",
    guess
      ? `record ${row} has a feature ${quoted(name)}, which the first records do not have: infer the columns from the whole file, or give a schema`
      : `record ${row} has a feature ${quoted(name)}, which the schema does not have`,
    { field: name, row },
  );
