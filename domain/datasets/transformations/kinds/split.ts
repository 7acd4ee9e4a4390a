import { apportion } from "../../../experiments/apportion.ts";
import { seededRandom } from "../../../statistics/random.ts";
import type { Field, Schema } from "../../schema.ts";
import type { Batch } from "../../table.ts";
import { numbered, pick } from "../engine/batches.ts";
import { type Key, keyReader, shareOf } from "../engine/row-key.ts";
import type { Kind } from "../operation.ts";
import { Parameters, refuse } from "../parameters.ts";
import { readKey } from "./sample.ts";
import { onlySource } from "./sources.ts";

type Part = { name: string; fraction: number };
type Split = { parts: Part[]; seed: string; stratify_by: Field[]; group_by: Field[]; key: Key };

const DEFAULT_PARTS = [
  { name: "train", fraction: 0.8 },
  { name: "validation", fraction: 0.1 },
  { name: "test", fraction: 0.1 },
];
const MOST_PARTS = 20;
/** What is remembered of each lies in memory. */
const MOST_STRATA = 20_000;
const MOST_GROUPS = 200_000;
const LONGEST_BLOCK = 100;

/**
 * Divides the rows into `parts`, each `{name, fraction}` an output. `group_by`: rows with equal values
 * of these columns stay together. `key`: columns that name a row; the primary key, or else its number.
 *
 * Without `stratify_by`, the hash of the key or group alone decides, so that rows that are added,
 * removed or moved change the part of no other. With it, the rows (groups, by their first row) of
 * each stratum are dealt out in their order, in blocks that each have the shares exactly, in a
 * seeded order (permuted-block randomisation, Zelen 1974): rows that are added at the end change
 * the part of no other.
 */
export const split: Kind = (json, sources) => {
  const source = onlySource(sources);
  const parameters = new Parameters(json);
  const plan: Split = {
    parts: readParts(parameters),
    seed: parameters.seed(),
    stratify_by: parameters.columns("stratify_by", source, []),
    group_by: parameters.columns("group_by", source, []),
    key: readKey(parameters, source.primary_key, source.fields),
  };
  parameters.end();
  const { parts, seed, stratify_by, group_by, key } = plan;
  return {
    parameters: {
      parts: parts.map(({ name, fraction }) => ({ name, fraction })),
      seed,
      stratify_by: stratify_by.map(({ name }) => name),
      group_by: group_by.map(({ name }) => name),
      key: key?.map(({ name }) => name) ?? null,
    },
    outputs: parts.map(({ name }) => ({ name, schema: source })),
    fit: null,
    async run({ sources: [rows], push }) {
      if (!rows) throw new RangeError("a split without a source");
      const partOf = dealer(plan, source);
      for await (const { batch, first } of numbered(rows)) {
        const own: number[][] = parts.map(() => []);
        for (let at = 0; at < batch.rows; at += 1) own[partOf(batch, at, first + at)]?.push(at);
        for (const [part, { name }] of parts.entries())
          if (own[part]?.length) await push(name, pick(batch, own[part]));
      }
    },
  };
};

function readParts(parameters: Parameters): Part[] {
  const parts = parameters.objects("parts", MOST_PARTS, DEFAULT_PARTS).map((one): Part => {
    const part = { name: one.text("name"), fraction: one.number("fraction", [0, 1]) };
    one.end();
    if (!/^[a-z][a-z0-9_]{0,39}$/.test(part.name))
      refuse(one.at("name"), "expected a letter and then letters, digits or _, in lower case");
    return part;
  });
  const path = parameters.at("parts");
  if (new Set(parts.map(({ name }) => name)).size !== parts.length)
    refuse(path, "two parts have one name");
  const sum = parts.reduce((total, { fraction }) => total + fraction, 0);
  if (Math.abs(sum - 1) > 1e-9) refuse(path, `the fractions add up to ${sum}, and should to 1`);
  return parts;
}

/** Which part a row is of; asked of all rows in their order. */
function dealer(
  plan: Split,
  { fields }: Schema,
): (batch: Batch, at: number, row: number) => number {
  const isGrouped = plan.group_by.length > 0;
  const unitOf = keyReader(isGrouped ? plan.group_by : plan.key, fields);
  const salt = `split/${plan.seed}`;
  const bounds = plan.parts.map((_, at) =>
    plan.parts.slice(0, at + 1).reduce((sum, { fraction }) => sum + fraction, 0),
  );
  const hashed = ({ columns }: Batch, at: number, row: number): number => {
    const share = shareOf(salt, unitOf(columns, at, row));
    const part = bounds.findIndex((bound) => share < bound);
    // The bounds add up to a little less than 1 where fractions are not exact.
    return part >= 0 ? part : plan.parts.findLastIndex(({ fraction }) => fraction > 0);
  };
  if (plan.stratify_by.length === 0) return hashed;
  const deal = blocks(plan);
  const stratumOf = keyReader(plan.stratify_by, fields);
  if (!isGrouped) return ({ columns }, at, row) => deal(stratumOf(columns, at, row));
  const groups = new Map<string, number>();
  return ({ columns }, at, row) => {
    const group = unitOf(columns, at, row);
    const known = groups.get(group);
    if (known !== undefined) return known;
    if (groups.size === MOST_GROUPS)
      refuse("parameters.group_by", `there are more than ${MOST_GROUPS} groups to be stratified`);
    const part = deal(stratumOf(columns, at, row));
    groups.set(group, part);
    return part;
  };
}

/** The part of the next unit of a stratum. */
function blocks({ parts, seed }: Split): (stratum: string) => number {
  const fractions = parts.map(({ fraction }) => fraction);
  const length = blockLength(fractions);
  const block = apportion(length, fractions).flatMap((count, part) =>
    Array.from({ length: count }, () => part),
  );
  const strata = new Map<string, { dealt: number; order: number[] }>();
  return (stratum) => {
    const found = strata.get(stratum) ?? { dealt: 0, order: [] };
    if (found.dealt === 0) strata.set(stratum, found);
    if (strata.size > MOST_STRATA)
      refuse("parameters.stratify_by", `there are more than ${MOST_STRATA} strata`);
    if (found.dealt % length === 0)
      found.order = shuffled(block, `split/${seed}/${found.dealt / length}/${stratum}`);
    const part = found.order[found.dealt % length];
    found.dealt += 1;
    return part ?? 0;
  };
}

/** The shortest block that can have these shares exactly; 100 where none up to that can. */
function blockLength(fractions: readonly number[]): number {
  for (let length = 1; length < LONGEST_BLOCK; length += 1)
    if (fractions.every((one) => Math.abs(one * length - Math.round(one * length)) < 1e-9))
      return length;
  return LONGEST_BLOCK;
}

/** In an order that the seed alone decides (Fisher & Yates). */
function shuffled(values: readonly number[], seed: string): number[] {
  const random = seededRandom(seed);
  const order = [...values];
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = random.integer(at + 1);
    [order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0];
  }
  return order;
}
