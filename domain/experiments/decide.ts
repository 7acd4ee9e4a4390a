import { fail, ok, type Result } from "../result.ts";
import type { ExperimentDefinition, ExperimentState, ExperimentStatus } from "./experiment.ts";
import { type Ledger, ownerAt } from "./ledger.ts";
import { unitPosition } from "./unit-position.ts";

/** What a decision needs to know: the experiment's table at one epoch, small and immutable. */
export type RoutingTable = {
  experiment_id: string;
  status: ExperimentStatus;
  epoch: number;
  ledger: Ledger;
  /** Indices into the experiment's variants. */
  control: number;
  winner: number | null;
};

/** The table that is in force in this state. */
export function tableOf(
  { id, variants }: Pick<ExperimentDefinition, "id" | "variants">,
  { status, epoch, ledger, winning_variant_id }: ExperimentState,
): RoutingTable {
  const control = variants.findIndex(({ is_control }) => is_control);
  const winner = variants.findIndex(({ variant_id }) => variant_id === winning_variant_id);
  const won = winner === -1 ? null : winner;
  return { experiment_id: id, status, epoch, ledger, control, winner: won };
}

export type Unit = {
  request_id: string;
  user_id?: string | undefined;
  sticky?: boolean | undefined;
};

/** `assigned` by the ledger; otherwise the status that sends everybody to one variant. */
export type DecisionReason = "assigned" | "paused" | "rolled_back" | "concluded";
export type Decision = { variant: number; epoch: number; reason: DecisionReason };
export type DecisionError = { code: "experiment_not_started" };

/**
 * The variant of one request. With `sticky` (the default) a `user_id` keeps its variant; without
 * it, or without a user, each request is drawn on its own.
 */
export function decide(table: RoutingTable, unit: Unit): Result<Decision, DecisionError> {
  const { status, epoch } = table;
  if (status === "draft") return fail({ code: "experiment_not_started" });
  if (status !== "running") {
    const variant = status === "concluded" ? (table.winner ?? table.control) : table.control;
    return ok({ variant, epoch, reason: status });
  }
  const name = unit.sticky === false ? unit.request_id : (unit.user_id ?? unit.request_id);
  const variant = ownerAt(table.ledger, unitPosition(table.experiment_id, name));
  return ok({ variant, epoch, reason: "assigned" });
}
