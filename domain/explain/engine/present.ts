import { residualOf, type Estimate } from "../estimate.ts";
import {
  ADDITIVE,
  METHODS,
  type AttributionMap,
  type Explained,
  type FeatureContribution,
  type Method,
  type Stopped,
} from "../explanation.ts";
import type { Rows } from "../rows.ts";
import type { Target } from "../score.ts";
import { valueOf, type Players } from "./players.ts";
import type { Subject } from "./subject.ts";

/** Rises with every change of a method after which the same request gives other numbers. */
export const METHOD_VERSION = 1;

/** Where there are more, only the greatest are listed; the map has them all. */
const MOST_LISTED = 1_000;
const MOST_INTERACTIONS = 5_000;
/** Positions of a map, and numbers of the input beside it, that an answer carries. */
const MOST_MAPPED = 2 ** 16;

export type Presented = {
  subject: Subject;
  method: Method;
  target: Target;
  class_name: string | null;
  instance: Rows;
  players: Players;
  estimate: Estimate;
  stopped: Stopped;
  seed: number;
  top_k: number;
  notes: readonly string[];
};

/** An estimate in the words of those who read it. */
export function present(of: Presented): Explained {
  const { subject, method, target, class_name, players, estimate, stopped, seed, top_k } = of;
  const contributions = contributionsOf(of);
  const order = greatestFirst(estimate.values);
  const named = (sign: number): string[] =>
    order
      .filter((at) => Math.sign(estimate.values[at] ?? 0) === sign)
      .slice(0, top_k)
      .map((at) => players.names[at] ?? "");
  return {
    method,
    method_version: METHOD_VERSION,
    explanation_type: METHODS[method],
    target: { ...target, class_name },
    base_prediction: estimate.base,
    actual_prediction: estimate.prediction,
    players: players.kind,
    feature_contributions:
      contributions.length <= MOST_LISTED
        ? contributions
        : order.slice(0, MOST_LISTED).flatMap((at) => contributions[at] ?? []),
    feature_count: contributions.length,
    top_positive_features: named(1),
    top_negative_features: named(-1),
    residual: ADDITIVE.has(method) ? residualOf(estimate) : null,
    seed,
    model_rows: estimate.rows,
    stopped,
    interactions: interactionsOf(players, estimate),
    fit: estimate.fit ?? null,
    map: subject.kind === "table" ? null : mapOf(of),
    input: subject.kind === "table" ? null : inputOf(of),
    words: null,
    attention: null,
    counterfactual: null,
    notes: [...of.notes],
  };
}

function contributionsOf({
  subject,
  instance,
  players,
  estimate,
}: Presented): FeatureContribution[] {
  const { values, half_widths } = estimate;
  return players.names.map((feature_name, at) => {
    const contribution = values[at] ?? 0;
    const width = half_widths?.[at];
    return {
      feature_name,
      feature_value: valueOf(subject, instance, players.members[at] ?? []),
      contribution,
      confidence_interval:
        width === undefined || !Number.isFinite(width)
          ? null
          : [contribution - width, contribution + width],
    };
  });
}

const greatestFirst = (values: Float64Array): number[] =>
  Array.from(values.keys()).sort((a, b) => Math.abs(values[b] ?? 0) - Math.abs(values[a] ?? 0));

/** Both halves of each pair together, the strongest pairs first. */
function interactionsOf({ names }: Players, { interactions }: Estimate): Explained["interactions"] {
  if (interactions === undefined) return null;
  const count = names.length;
  const pairs = names.flatMap((feature, i) =>
    names.slice(i + 1).map((other, j) => ({
      feature,
      with: other,
      value: 2 * (interactions[i * count + i + 1 + j] ?? 0),
    })),
  );
  return pairs.sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, MOST_INTERACTIONS);
}

/** What every element of the input contributes; the part of a segment is spread evenly over it. */
function mapOf({ subject, players, estimate }: Presented): AttributionMap | null {
  const [port] = subject.layout.ports;
  if (port === undefined) return null;
  const data = new Float64Array(subject.layout.size);
  for (const [at, members] of players.members.entries())
    for (const member of members) data[member] = (estimate.values[at] ?? 0) / members.length;
  return shown(port.name, port.shape, data);
}

function inputOf({ subject, instance }: Presented): AttributionMap | null {
  const [port] = subject.layout.ports;
  return port === undefined ? null : shown(port.name, port.shape, instance);
}

/** A picture of what is too long to send would need all of it, so there is none. */
const shown = (
  name: string,
  shape: readonly number[],
  data: ArrayLike<number>,
): AttributionMap | null =>
  data.length > MOST_MAPPED
    ? null
    : { name, shape: [...shape], data: Array.from(data, (value) => Number(value.toPrecision(7))) };
