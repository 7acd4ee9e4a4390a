import { residualOf, type Estimate } from "../estimate.ts";
import {
  ADDITIVE,
  METHODS,
  type AttributionMap,
  type Explained,
  type FeatureContribution,
  type Stopped,
} from "../explanation.ts";
import type { Port } from "../rows.ts";
import { imageGrid } from "../segments/grid-of-port.ts";
import { elementAt, positionsOf } from "../segments/segments.ts";
import { valueOf, type Players } from "./players.ts";
import type { Task } from "./task.ts";

/** Rises with every change of a method after which the same request gives other numbers. */
export const METHOD_VERSION = 1;

/** Where there are more, only the greatest are listed; the map has them all. */
const MOST_LISTED = 1_000;
const MOST_INTERACTIONS = 5_000;
/** Positions of a map, and numbers of the input beside it, that an answer carries: 224 x 224 in three colours. */
const MOST_MAPPED = 2 ** 16;
const MOST_INPUT = 160_000;

export type Presented = {
  task: Task;
  class_name: string | null;
  players: Players;
  estimate: Estimate;
  stopped: Stopped;
  notes: readonly string[];
};

/** An estimate in the words of those who read it. */
export function present(of: Presented): Explained {
  const { class_name, players, estimate, stopped } = of;
  const { subject, method, target, request } = of.task;
  const contributions = contributionsOf(of);
  const order = greatestFirst(estimate.values);
  const named = (sign: number): string[] =>
    order
      .filter((at) => Math.sign(estimate.values[at] ?? 0) === sign)
      .slice(0, request.top_k_features)
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
    seed: request.seed,
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

function contributionsOf({ task, players, estimate }: Presented): FeatureContribution[] {
  const { values, half_widths } = estimate;
  return players.names.map((feature_name, at) => {
    const contribution = values[at] ?? 0;
    const width = half_widths?.[at];
    return {
      feature_name,
      feature_value: valueOf(task.subject, task.instance, players.members[at] ?? []),
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
function mapOf({ task: { subject }, players, estimate }: Presented): AttributionMap | null {
  const [port] = subject.layout.ports;
  if (port === undefined) return null;
  const data = new Float64Array(subject.layout.size);
  for (const [at, members] of players.members.entries())
    for (const member of members) data[member] = (estimate.values[at] ?? 0) / members.length;
  if (data.length <= MOST_MAPPED || subject.kind !== "image")
    return shown(port.name, port.shape, data, MOST_MAPPED);
  const { shape, plane } = channelsTogether(port, data);
  return shown(port.name, shape, plane, MOST_MAPPED);
}

/** The sum over the channels of an image at each position. */
function channelsTogether(port: Port, data: Float64Array) {
  const grid = imageGrid(port);
  const positions = positionsOf(grid);
  const plane = Float64Array.from({ length: positions }, (_, position) => {
    let sum = 0;
    for (let channel = 0; channel < grid.channels; channel += 1)
      sum += data[elementAt(grid, positions, position, channel)] ?? 0;
    return sum;
  });
  return { shape: grid.shape, plane };
}

function inputOf({ task: { subject, instance } }: Presented): AttributionMap | null {
  const [port] = subject.layout.ports;
  return port === undefined ? null : shown(port.name, port.shape, instance, MOST_INPUT, 4);
}

/** Seven digits are what a float32 has; a picture needs four. */
const shown = (
  name: string,
  shape: readonly number[],
  data: ArrayLike<number>,
  most: number,
  digits = 7,
): AttributionMap | null =>
  data.length > most
    ? null
    : {
        name,
        shape: [...shape],
        data: Array.from(data, (value) => Number(value.toPrecision(digits))),
      };
