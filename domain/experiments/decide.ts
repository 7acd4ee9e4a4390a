import { fail, ok, type Result } from "../result.ts";
import { isCanary } from "./arm-role.ts";
import { type Attributes, type Condition, matches } from "./condition.ts";
import type {
  ExperimentDefinition,
  ExperimentState,
  ExperimentStatus,
  LayerShare,
} from "./experiment.ts";
import { type HashScheme, positionIn } from "./foreign-hash.ts";
import { type Ledger, ownerAt } from "./ledger.ts";
import { unitPosition } from "./unit-position.ts";

/** What a decision needs to know: the experiment's table at one epoch, small and immutable. */
export type RoutingTable = {
  experiment_id: string;
  status: ExperimentStatus;
  epoch: number;
  ledger: Ledger;
  hash: HashScheme;
  targeting: Condition | null;
  layer: LayerShare | null;
  holdout: LayerShare | null;
  /** Indices into the experiment's variants. */
  control: number;
  winner: number | null;
  /** By variant: whether its requests are at the users' risk, and so count against the budget. */
  canary: boolean[];
  budgeted: boolean;
  /** A sticky unit keeps the variant it first got, whatever the weights become. */
  enrols: boolean;
};

type TableOf = Pick<
  ExperimentDefinition,
  "id" | "variants" | "hash" | "targeting" | "layer" | "holdout" | "bandit"
>;

/** The table that is in force in this state. */
export function tableOf(
  { id, variants, hash, targeting, layer, holdout, bandit }: TableOf,
  { status, epoch, ledger, winning_variant_id, budget }: ExperimentState,
): RoutingTable {
  const winner = variants.findIndex(({ variant_id }) => variant_id === winning_variant_id);
  return {
    experiment_id: id,
    status,
    epoch,
    ledger,
    hash,
    targeting,
    layer,
    holdout,
    control: variants.findIndex(({ is_control }) => is_control),
    winner: winner === -1 ? null : winner,
    canary: variants.map(isCanary),
    budgeted: budget.max_requests !== null,
    enrols: bandit !== null,
  };
}

export type Unit = {
  request_id: string;
  user_id?: string | undefined;
  sticky?: boolean | undefined;
  attributes?: Attributes | undefined;
};

/**
 * `assigned` by the ledger: the only one that an analysis counts. `forced` for a preview. Then
 * why a unit does not take part and gets the control; then the status that sends everybody to
 * one variant.
 */
export type DecisionReason =
  | "assigned"
  | "forced"
  | "not_targeted"
  | "held_out"
  | "outside_layer"
  | "budget_spent"
  | "paused"
  | "rolled_back"
  | "concluded";
export type Decision = { variant: number; epoch: number; reason: DecisionReason };
export type DecisionError = { code: "experiment_not_started" };

/** What is drawn: a user that sticks to its variant, or else the request. */
export const nameOf = ({ request_id, user_id, sticky }: Unit): string =>
  sticky === false ? request_id : (user_id ?? request_id);

/**
 * The variant of one request. With `sticky` (the default) a `user_id` keeps its variant; without
 * it, or without a user, each request is drawn on its own. `enrolled` is the variant that the
 * unit has from before, in an experiment that enrols.
 */
export function decide(
  table: RoutingTable,
  unit: Unit,
  enrolled: number | null = null,
): Result<Decision, DecisionError> {
  const { status, epoch, control } = table;
  if (status === "draft") return fail({ code: "experiment_not_started" });
  if (status !== "running") {
    const variant = status === "concluded" ? (table.winner ?? control) : control;
    return ok({ variant, epoch, reason: status });
  }
  const outside = reasonToStayOut(table, unit);
  if (outside !== null) return ok({ variant: control, epoch, reason: outside });
  const position = positionIn(table.hash, table.experiment_id, nameOf(unit));
  const variant = enrolled ?? ownerAt(table.ledger, position);
  return ok({ variant, epoch, reason: "assigned" });
}

/** Why this unit does not take part, or null. */
export function reasonToStayOut(
  { targeting, holdout, layer }: Pick<RoutingTable, "targeting" | "holdout" | "layer">,
  unit: Unit,
): DecisionReason | null {
  if (targeting && !matches(targeting, unit.attributes ?? {})) return "not_targeted";
  if (holdout && isInside(holdout, nameOf(unit))) return "held_out";
  if (layer && !isInside(layer, nameOf(unit))) return "outside_layer";
  return null;
}

function isInside({ salt, intervals }: LayerShare, name: string): boolean {
  const position = unitPosition(salt, name);
  return intervals.some(([from, to]) => position >= from && position < to);
}
