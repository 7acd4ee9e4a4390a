import { DatasetFault } from "../dataset-fault.ts";
import { COLUMN_TYPES, type Field, type Schema } from "../schema.ts";
import { fieldsByName, quoted, typeText } from "./named.ts";
import { namesIn, suspectedRenames } from "./schema-changes.ts";
import { exactPromotions, promotion, shapeFits } from "./type-promotion.ts";

export const EVOLUTION_MODES = ["none", "backward", "forward", "full"] as const;
/**
 * Which readers must be able to read which data when a schema follows another. The words are those
 * of Confluent's Schema Registry; that one schema reads what another wrote is Avro's schema
 * resolution, carried over to tables.
 *
 * - `none`: anything goes.
 * - `backward`: a reader of the new schema reads the old data.
 * - `forward`: a reader of the old schema reads the new data.
 * - `full`: both.
 *
 * A reader finds columns by name and leaves alone those that it does not know. It reads a column
 * that is not in the data as null, if the column may be null: nullable is a table's default value.
 * It reads another type if every value of it has a place in its own (`promotion`), and another shape
 * if its own leaves open what differs. It reads numbers in its own unit and sampling rate.
 */
export type EvolutionMode = (typeof EVOLUTION_MODES)[number];

export type EvolutionRule =
  | "column_missing"
  | "null_not_allowed"
  | "type_incompatible"
  | "shape_incompatible"
  | "unit_changed"
  | "sampling_rate_changed"
  | "value_rounded"
  | "rename_suspected"
  | "order_changed"
  | "key_changed";

export type EvolutionFinding = {
  rule: EvolutionRule;
  /** Which reader it concerns; null where it concerns every one. */
  direction: "backward" | "forward" | null;
  /** Null for what concerns the rows. */
  column: string | null;
  message: string;
  /** What could be done instead. */
  allowed: string;
};

export type EvolutionProblems = { errors: EvolutionFinding[]; warnings: EvolutionFinding[] };

/** The finding as what a version is refused with. */
export const evolutionFault = ({ message, allowed, column }: EvolutionFinding): DatasetFault =>
  new DatasetFault(
    "schema_incompatible",
    `${message}: ${allowed}`,
    column === null ? {} : { field: column },
  );

/** What keeps `after` from following `before` under a mode, and what its owner should know of it. */
export function evolutionProblems(
  before: Schema,
  after: Schema,
  mode: EvolutionMode,
): EvolutionProblems {
  const found = [
    ...(mode === "backward" || mode === "full" ? readingFindings("backward", before, after) : []),
    ...(mode === "forward" || mode === "full" ? readingFindings("forward", after, before) : []),
    ...quantityFindings(before, after),
    ...renameFindings(before, after),
    ...orderFindings(before, after),
    ...keyFindings(before, after),
  ];
  const isError = ({ rule }: EvolutionFinding): boolean => mode !== "none" && ERRORS.has(rule);
  return { errors: found.filter(isError), warnings: found.filter((one) => !isError(one)) };
}

const ERRORS: ReadonlySet<EvolutionRule> = new Set([
  "column_missing",
  "null_not_allowed",
  "type_incompatible",
  "shape_incompatible",
  "unit_changed",
  "sampling_rate_changed",
]);

type Direction = "backward" | "forward";
const READER: Readonly<Record<Direction, string>> = {
  backward: "the new schema",
  forward: "the old schema",
};
const DATA: Readonly<Record<Direction, string>> = { backward: "the old", forward: "the new" };

function readingFindings(
  direction: Direction,
  written: Schema,
  reader: Schema,
): EvolutionFinding[] {
  const data = fieldsByName(written);
  return reader.fields.flatMap((field) => {
    const found = data.get(field.name);
    return found === undefined
      ? missingFindings(direction, field)
      : columnFindings(direction, found, field);
  });
}

function missingFindings(direction: Direction, field: Field): EvolutionFinding[] {
  if (field.nullable) return [];
  const column = quoted(field.name);
  return [
    {
      rule: "column_missing",
      direction,
      column: field.name,
      message: `${READER[direction]} has the column ${column}, which may not be null, and ${DATA[direction]} data has no such column`,
      allowed:
        direction === "backward"
          ? `add ${column} as nullable`
          : `keep ${column}; a column can be dropped once it is nullable`,
    },
  ];
}

function columnFindings(direction: Direction, data: Field, reader: Field): EvolutionFinding[] {
  const column = reader.name;
  const name = quoted(column);
  const at = { direction, column };
  const [found, wanted] = [typeText(data), typeText(reader)];
  const how = promotion(data.type, reader.type);
  const findings: EvolutionFinding[] = [];
  if (data.nullable && !reader.nullable)
    findings.push({
      rule: "null_not_allowed",
      ...at,
      message: `column ${name} may be null in ${DATA[direction]} data and may not in ${READER[direction]}`,
      allowed: `leave ${name} ${direction === "backward" ? "nullable" : "without nulls"}`,
    });
  if (how === null)
    findings.push({
      rule: "type_incompatible",
      ...at,
      message: `column ${name} is ${found} in ${DATA[direction]} data and ${wanted} in ${READER[direction]}, which cannot hold all of its values`,
      allowed: `${direction === "backward" ? "leave it, or widen it" : "leave it, or narrow it"}: ${allowedTypes(direction, data, reader)}`,
    });
  if (how === "rounding")
    findings.push({
      rule: "value_rounded",
      ...at,
      message: `column ${name} is ${found} in ${DATA[direction]} data and ${wanted} in ${READER[direction]}: whole numbers with more digits than ${reader.type} holds are rounded`,
      allowed: `take a type that holds all of ${data.type}, if they occur`,
    });
  if (!shapeFits(data.shape, reader.shape))
    findings.push({
      rule: "shape_incompatible",
      ...at,
      message: `column ${name} is ${found} in ${DATA[direction]} data and ${wanted} in ${READER[direction]}`,
      allowed: `keep the number of dimensions, and write null for a size that differs`,
    });
  return findings;
}

/** To what the changed side, which is the reader backward and the data forward, could be set. */
function allowedTypes(direction: Direction, data: Field, reader: Field): string {
  const types =
    direction === "backward"
      ? [data.type, ...exactPromotions(data.type, COLUMN_TYPES)]
      : [
          reader.type,
          ...COLUMN_TYPES.filter(
            (type) => type !== reader.type && promotion(type, reader.type) === "exact",
          ),
        ];
  return types.join(", ");
}

const QUANTITIES = [
  { member: "unit", rule: "unit_changed" },
  { member: "sampling_rate_hz", rule: "sampling_rate_changed" },
] as const;

/** The same numbers that mean something else break every reader; where one side does not say, nobody knows. */
function quantityFindings(before: Schema, after: Schema): EvolutionFinding[] {
  const old = fieldsByName(before);
  return after.fields.flatMap((field) =>
    QUANTITIES.flatMap(({ member, rule }): EvolutionFinding[] => {
      const [was, is] = [old.get(field.name)?.[member], field[member]];
      if (was === undefined || is === undefined || was === is) return [];
      const name = quoted(field.name);
      return [
        {
          rule,
          direction: null,
          column: field.name,
          message: `the ${member} of column ${name} was ${was} and is ${is}: equal numbers mean something else`,
          allowed: `convert the values, or give them in a new column`,
        },
      ];
    }),
  );
}

const renameFindings = (before: Schema, after: Schema): EvolutionFinding[] =>
  suspectedRenames(before, after).map(({ from, to, position }) => ({
    rule: "rename_suspected",
    direction: null,
    column: to,
    message: `column ${quoted(from)} went and ${quoted(to)} came with the same type at position ${position}: a renamed column is a new one to every reader`,
    allowed: `keep the name ${quoted(from)}, or have both for a time`,
  }));

function orderFindings(before: Schema, after: Schema): EvolutionFinding[] {
  const was = namesIn(before, fieldsByName(after));
  const is = namesIn(after, fieldsByName(before));
  const at = was.findIndex((name, index) => is[index] !== name);
  const moved = is[at];
  if (moved === undefined) return [];
  return [
    {
      rule: "order_changed",
      direction: null,
      column: moved,
      message: `columns come in another order, first ${quoted(moved)} where ${quoted(was[at] ?? "")} was: whoever reads them by position reads others`,
      allowed: `keep the order, and put new columns at the end`,
    },
  ];
}

const keyFindings = (before: Schema, after: Schema): EvolutionFinding[] =>
  (["primary_key", "partition_keys"] as const).flatMap((key): EvolutionFinding[] => {
    const [was, is] = [JSON.stringify(before[key] ?? []), JSON.stringify(after[key] ?? [])];
    if (was === is || before[key] === undefined) return [];
    return [
      {
        rule: "key_changed",
        direction: null,
        column: null,
        message: `${key} was ${was} and is ${is}: rows are told apart by other columns than before`,
        allowed: `keep ${key}, or compare with earlier versions by the columns of old`,
      },
    ];
  });
