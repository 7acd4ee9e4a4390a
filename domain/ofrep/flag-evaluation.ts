import type { DecisionReason } from "../experiments/decide.ts";
import type { Variant } from "../experiments/experiment.ts";

/** The reasons of OFREP 0.3. */
export const REASONS = ["STATIC", "TARGETING_MATCH", "SPLIT", "DISABLED", "UNKNOWN"] as const;
export type FlagReason = (typeof REASONS)[number];

/** A flag that was evaluated. Without `value` a client uses the default that stands in its code. */
export type FlagEvaluation = {
  key: string;
  value?: number;
  reason: FlagReason;
  variant?: string;
  metadata: Record<string, string | number | boolean>;
};

/**
 * What a decision is to a client of OpenFeature, whose reasons are those of
 * https://openfeature.dev/specification/types#resolution-reason.
 *
 * | decision                   | reason            | value       |
 * | -------------------------- | ----------------- | ----------- |
 * | assigned                   | SPLIT             | the drawn   |
 * | forced                     | TARGETING_MATCH   | the forced  |
 * | not_targeted               | TARGETING_MATCH   | the control |
 * | held_out, outside_layer    | SPLIT             | the control |
 * | budget_spent               | SPLIT             | the control |
 * | concluded                  | STATIC            | the winner  |
 * | rolled_back                | STATIC            | the control |
 * | paused, and not started    | DISABLED          | none        |
 *
 * STATIC is the same for everybody, so a client may keep it for all its users: it stands only
 * for what the status alone decides. A unit outside the audience got its value by a rule, and one
 * outside the layer by a draw, though neither takes part; `linnet_reason` tells them apart. Real
 * providers hand the reason on as it is. A missing value is the code's default: without an error
 * in providers that know of it, as an error GENERAL in older ones.
 */
const ANSWERS: Record<DecisionReason, Exclude<FlagReason, "UNKNOWN">> = {
  assigned: "SPLIT",
  forced: "TARGETING_MATCH",
  not_targeted: "TARGETING_MATCH",
  held_out: "SPLIT",
  outside_layer: "SPLIT",
  budget_spent: "SPLIT",
  concluded: "STATIC",
  rolled_back: "STATIC",
  paused: "DISABLED",
};

type Decided = {
  variant: Pick<Variant, "variant_id" | "name" | "model" | "version">;
  epoch: number;
  reason: DecisionReason;
};

/** The flag of an experiment, whose value is the version of the variant's model. */
export function flagOf(
  key: string,
  experiment_id: string,
  { variant, epoch, reason }: Decided,
): FlagEvaluation {
  const answer = ANSWERS[reason];
  const common = { experiment_id, epoch, linnet_reason: reason };
  if (answer === "DISABLED") return { key, reason: answer, metadata: common };
  const { variant_id, name, model, version } = variant;
  const metadata = { ...common, variant_id, model };
  return { key, value: version, reason: answer, variant: name, metadata };
}

/** The flag of an experiment that was never started. */
export const draftFlag = (key: string, experiment_id: string): FlagEvaluation => ({
  key,
  reason: "DISABLED",
  metadata: { experiment_id, epoch: 0, linnet_reason: "draft" },
});
