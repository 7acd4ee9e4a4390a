import { seededRandom } from "../../../statistics/random.ts";
import type { Field, Schema } from "../../schema.ts";
import type { Batch, Cell, Json } from "../../table.ts";
import { Gathered, numbered, pick } from "../engine/batches.ts";
import { faulting } from "../engine/database.ts";
import { isTensorCell } from "../engine/row-codec.ts";
import { type Key, keyReader } from "../engine/row-key.ts";
import { kindOf } from "../expressions/value-kind.ts";
import type { Kind, Work } from "../operation.ts";
import { distinctNames, fieldNamed, Parameters, refuse } from "../parameters.ts";
import { isSignals, type Step, stepped, unchanged } from "../signals/augment.ts";
import { countStrata, loadHashes, readKey } from "./sample.ts";
import { onlySource } from "./sources.ts";

const MOST_COPIES = 1_000;
const MOST_STEPS = 50;
const STEPS = ["noise", "shift", "scale", "flip", "reverse", "crop"] as const;

/** Rows of every class are repeated until each has so many, or as many as the largest. */
type Oversample = { by: Field[]; to: number | "largest" };
type Augmentation = {
  oversample: Oversample | null;
  copies: number;
  keep_original: boolean;
  steps: Step[];
  seed: string;
  key: Key;
  number_as: string | null;
};

/**
 * More rows of those that there are: either `copies` of each, behind it (`keep_original`), or with
 * `oversample`, `{by, to?}`, as many as bring every class `by` these columns to the largest one's
 * number of rows. `steps` change the signals of copies, never of originals: `noise`, `shift`, `scale`,
 * `flip`, `reverse`, `crop`. What is drawn depends on the `seed`, the row's `key` and the copy's number
 * alone. `number_as`: a column for that number, 0 for originals.
 */
export const augmentation: Kind = (json, sources) => {
  const source = onlySource(sources);
  const parameters = new Parameters(json);
  const plan: Augmentation = {
    oversample: parameters.has("oversample") ? readOversample(parameters, source) : null,
    copies: parameters.integer("copies", [0, MOST_COPIES], parameters.has("oversample") ? 0 : 1),
    keep_original: parameters.boolean("keep_original", true),
    steps: parameters.objects("steps", MOST_STEPS, []).map((one) => readStep(one, source)),
    seed: parameters.seed(),
    key: readKey(parameters, source.primary_key, source.fields),
    number_as: parameters.has("number_as") ? parameters.newName("number_as") : null,
  };
  parameters.end();
  if (plan.oversample && (plan.copies !== 0 || !plan.keep_original))
    refuse(
      "parameters.oversample",
      "it says how many copies there are; copies and keep_original go with none",
    );
  if (!plan.keep_original && plan.copies === 0) refuse("parameters.copies", "no row would be left");
  const schema = resultOf(source, plan);
  return {
    parameters: asJson(plan),
    outputs: [{ name: null, schema }],
    fit: null,
    run: (work) => runAugmentation(plan, source, work),
  };
};

function readOversample(parameters: Parameters, schema: Schema): Oversample {
  const one = new Parameters(parameters.get("oversample"), parameters.at("oversample"));
  const by = one.columns("by", schema);
  if (by.length === 0) refuse(one.at("by"), "expected the column of the classes");
  const isCount = typeof one.get("to") === "number";
  const to = isCount ? one.integer("to", [1, 2 ** 32]) : one.oneOf("to", ["largest"], "largest");
  one.end();
  return { by, to };
}

function readStep(parameters: Parameters, schema: Schema): Step {
  const kind = parameters.oneOf("kind", STEPS);
  const field = parameters.column("column", schema);
  if (field.shape === undefined || field.shape.length === 0 || kindOf(field.type) !== "real")
    refuse(
      parameters.at("column"),
      `'${field.name}' is no signal: expected a column of tensors of floats`,
    );
  const step = readChange(kind, field.name, parameters);
  parameters.end();
  return step;
}

function readChange(kind: Step["kind"], column: string, parameters: Parameters): Step {
  switch (kind) {
    case "noise":
      return { kind, column, snr_db: interval(parameters, "snr_db", [-200, 200]) };
    case "shift":
      return { kind, column, most_samples: parameters.integer("most_samples", [1, 2 ** 32]) };
    case "scale":
      return { kind, column, factor: interval(parameters, "factor", [-1e6, 1e6]) };
    case "flip":
    case "reverse":
      return { kind, column, probability: parameters.number("probability", [0, 1], 0.5) };
    case "crop":
      return { kind, column, length: parameters.integer("length", [1, 2 ** 24]) };
  }
}

/** A number, or two that one is drawn between. */
function interval(
  parameters: Parameters,
  name: string,
  [least, most]: readonly [number, number],
): [number, number] {
  const found = parameters.get(name);
  const [from, to, ...more] = Array.isArray(found) ? found : [found, found];
  if (typeof from === "number" && typeof to === "number" && more.length === 0)
    if (least <= from && from <= to && to <= most) return [from, to];
  return refuse(
    parameters.at(name),
    `expected a number from ${least} to ${most}, or two, the lower first`,
  );
}

function resultOf(source: Schema, { steps, number_as }: Augmentation): Schema {
  const fields = source.fields.map((field) => {
    const crop = steps.findLast((step) => step.kind === "crop" && step.column === field.name);
    return crop?.kind === "crop"
      ? { ...field, shape: [...(field.shape ?? []).slice(0, -1), crop.length] }
      : field;
  });
  const number: Field[] =
    number_as === null ? [] : [{ name: number_as, type: "int32", nullable: false }];
  const { partition_keys } = source;
  return {
    fields: distinctNames([...fields, ...number], "parameters.number_as"),
    ...(partition_keys ? { partition_keys } : {}),
  };
}

const asJson = (plan: Augmentation) => ({
  oversample: plan.oversample && {
    by: plan.oversample.by.map(({ name }) => name),
    to: plan.oversample.to,
  },
  copies: plan.copies,
  keep_original: plan.keep_original,
  steps: plan.steps.map((step): Json => ({ ...step })),
  seed: plan.seed,
  key: plan.key?.map(({ name }) => name) ?? null,
  number_as: plan.number_as,
});

async function runAugmentation(plan: Augmentation, source: Schema, work: Work): Promise<void> {
  const [rows] = work.sources;
  if (!rows) throw new RangeError("an augmentation without a source");
  const keyOf = keyReader(plan.key, source.fields);
  const gathered = new Gathered((batch) => work.push(null, batch));
  const copiesOf = plan.oversample
    ? await repetitions(plan, plan.oversample, work)
    : (_first: number, count: number) => Array.from({ length: count }, () => plan.copies);
  const from = plan.keep_original ? 0 : 1;
  for await (const { batch, first } of numbered(rows)) {
    const copies = copiesOf(first, batch.rows);
    for (let at = 0; at < batch.rows; at += 1) {
      const row = pick(batch, [at]);
      const key = keyOf(batch.columns, at, first + at);
      for (let copy = from; copy <= (copies[at] ?? 0); copy += 1)
        await gathered.push(copied(row, { plan, source, key, copy, row: first + at }));
    }
  }
  await gathered.flush();
}

/** How many copies each row of a stretch gets, so that its class has as many rows as it should. */
async function repetitions(
  { key, seed }: Augmentation,
  { by, to }: Oversample,
  { sources: [rows], database: plain }: Work,
): Promise<(first: number, count: number) => number[]> {
  if (!rows) throw new RangeError("an augmentation without a source");
  const database = faulting(plain);
  await loadHashes(database, rows, { strata: by, key, salt: `oversample/${seed}` });
  const counts = countStrata(database, by.length);
  const wanted = to === "largest" ? counts.reduce((most, count) => Math.max(most, count), 0) : to;
  const partition = `PARTITION BY ${by.map((_, at) => `c${at}`).join(", ")}`;
  database.run("DROP TABLE IF EXISTS result");
  database.run("CREATE TABLE result (row INTEGER PRIMARY KEY, copies INTEGER)");
  database.run(
    `INSERT INTO result SELECT row, max(0, CAST(?1 AS INTEGER) / rows + (place <= CAST(?1 AS INTEGER) % rows) - 1) FROM (
      SELECT row, count(*) OVER (${partition}) AS rows,
        row_number() OVER (${partition} ORDER BY hash, row) AS place FROM source_0
    ) ORDER BY row`,
    wanted,
  );
  return (first, count) =>
    [
      ...database.rows(
        "SELECT copies FROM result WHERE row >= ? AND row < ? ORDER BY row",
        first,
        first + count,
      ),
    ].map(([copies]) => Number(copies));
}

type Copy = { plan: Augmentation; source: Schema; key: string; copy: number; row: number };

/** One row, as the copy of this number has it; 0 is the original. */
function copied(one: Batch, { plan, source, key, copy, row }: Copy): Batch {
  const columns = one.columns.map((cells) => [...cells]);
  for (const [place, step] of plan.steps.entries()) {
    const at = source.fields.indexOf(fieldNamed(step.column, source.fields, "parameters.steps"));
    const cell = columns[at]?.[0] ?? null;
    if (cell === null) continue;
    columns[at] = [
      changed(cell, step, copy, `augmentation/${plan.seed}/${copy}/${place}/${key}`, row),
    ];
  }
  return { rows: 1, columns: plan.number_as === null ? columns : [...columns, [copy]] };
}

function changed(cell: Cell, step: Step, copy: number, seed: string, row: number): Cell {
  if (!isTensorCell(cell) || !isSignals(cell))
    throw new TypeError(`row ${row} of '${step.column}' is no tensor of floats`);
  if (step.kind === "crop" && (cell.dims.at(-1) ?? 0) < step.length)
    refuse(
      "parameters.steps",
      `row ${row} of '${step.column}' has ${cell.dims.at(-1)} samples, fewer than the ${step.length} to be kept`,
    );
  return copy === 0 ? unchanged(cell, step) : stepped(cell, step, seededRandom(seed));
}
