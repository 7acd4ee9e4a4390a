import { ExplainFault } from "../explain-fault.ts";
import { columnOf, meanOf } from "./column-statistics.ts";
import type { ExplanationTable } from "./explanation-table.ts";
import { interactionStrength } from "./interaction-strength.ts";
import { smoothedTrend, type TrendPoint } from "./smoothed-trend.ts";

export type DependencePoint = {
  row: number;
  value: number;
  contribution: number;
  /** The value of the interaction feature; null without one, or where it is missing. */
  interaction_value: number | null;
};

export type Dependence = {
  feature: string;
  /** Rows that have a value of the feature, in the order of the table. */
  points: DependencePoint[];
  /** How many rows have none. */
  missing: number;
  /** Null where no feature interacts, or none was asked for. */
  interaction: InteractionChoice | null;
  trend: TrendPoint[];
};

export type InteractionChoice = {
  feature: string;
  /**
   * What it explains of the contribution beyond the feature itself: the mean |interaction value|
   * where explanations carry them, else the share of variance by `interactionStrength`.
   */
  strength: number;
  measure: "interaction_values" | "variance_explained";
};

export type DependenceOptions = {
  feature: string;
  /** By default the one of the greatest strength; null for none. */
  interaction_feature?: string | null | undefined;
};

/**
 * How the contribution of a feature depends on its value, as a dependence plot shows it. Throws
 * `ExplainFault` (feature_unknown, and option_invalid where players have no values).
 */
export function dependenceOn(table: ExplanationTable, options: DependenceOptions): Dependence {
  const { features, players } = table;
  if (features === null)
    throw new ExplainFault(
      "option_invalid",
      "a dependence needs the values of features, and these explanations are of groups or segments",
    );
  const player = indexOf(table, options.feature, "feature_name");
  const width = players.length;
  const values = columnOf(features, width, player);
  const rows = [...values.keys()].filter((row) => !Number.isNaN(values[row]));
  if (rows.length === 0)
    throw new ExplainFault(
      "value_invalid",
      `no row has a value of '${options.feature}'`,
      "feature_name",
    );
  const contributions = columnOf(table.values, width, player);
  const interaction = chosenInteraction(table, player, options.interaction_feature);
  const others = interaction && columnOf(features, width, players.indexOf(interaction.feature));
  const points = rows.map((row): DependencePoint => {
    const other = others?.[row] ?? Number.NaN;
    return {
      row,
      value: values[row] ?? 0,
      contribution: contributions[row] ?? 0,
      interaction_value: Number.isNaN(other) ? null : other,
    };
  });
  return {
    feature: options.feature,
    points,
    missing: table.rows - rows.length,
    interaction,
    trend: smoothedTrend(
      Float64Array.from(points, ({ value }) => value),
      Float64Array.from(points, ({ contribution }) => contribution),
    ),
  };
}

function indexOf({ players }: ExplanationTable, feature: string, field: string): number {
  const player = players.indexOf(feature);
  if (player < 0)
    throw new ExplainFault(
      "feature_unknown",
      `there is no feature '${feature}' among ${players.join(", ")}`,
      field,
    );
  return player;
}

function chosenInteraction(
  table: ExplanationTable,
  player: number,
  asked: string | null | undefined,
): InteractionChoice | null {
  if (asked === null) return null;
  if (asked !== undefined)
    return strengthOf(table, player, indexOf(table, asked, "interaction_feature"));
  let best: InteractionChoice | null = null;
  for (let other = 0; other < table.players.length; other += 1) {
    if (other === player) continue;
    const found = strengthOf(table, player, other);
    if (found.strength > (best?.strength ?? 0)) best = found;
  }
  return best;
}

function strengthOf(table: ExplanationTable, player: number, other: number): InteractionChoice {
  const { players, features, values, interactions } = table;
  const width = players.length;
  const feature = players[other] ?? "";
  if (interactions !== null) {
    const pair = columnOf(interactions, width * width, player * width + other);
    return { feature, strength: meanOf(pair.map(Math.abs)), measure: "interaction_values" };
  }
  const column = (index: number): Float64Array => columnOf(features ?? values, width, index);
  const strength = interactionStrength(
    column(player),
    column(other),
    columnOf(values, width, player),
  );
  return { feature, strength, measure: "variance_explained" };
}
