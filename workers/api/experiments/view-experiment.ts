import type {
  ExperimentChange,
  ExperimentSummary,
  ExperimentView,
} from "../../../contract/experiment.ts";
import type { ChangedExperiment, ExperimentSnapshot } from "../../../contract/experiment-lease.ts";
import type { ListedExperimentRow } from "../../../database/experiments.ts";
import type {
  ExperimentDefinition,
  ExperimentState,
} from "../../../domain/experiments/experiment.ts";
import { weightsOf } from "../../../domain/experiments/ledger.ts";
import { formatWeight } from "../../../domain/experiments/weight.ts";
import { instant, instantOrNull } from "../http/times.ts";

export function viewExperiment({
  definition,
  state,
  promotion,
  ramp,
}: ExperimentSnapshot): ExperimentView {
  const { id, owner_id: _, imported: _imported, name, created_at, ...described } = definition;
  const { layer, bandit, holdout } = definition;
  const { proposal } = state;
  const layerShare = layer && layer.intervals.reduce((sum, [from, to]) => sum + to - from, 0);
  return {
    id,
    name,
    ...described,
    status: state.status,
    epoch: state.epoch,
    variants: viewVariants(definition, state.ledger),
    ramp: viewRamp(definition, state, ramp),
    bandit: bandit && { ...bandit, minimum_share: formatWeight(bandit.minimum_share) },
    layer: layer && { name: layer.name, share: formatWeight(layerShare ?? 0) },
    holdout: holdout?.name ?? null,
    budget: state.budget,
    proposal: proposal && { reason: proposal.reason, at: instant(proposal.at) },
    quiet_until: instantOrNull(state.quiet_until),
    start_time: instantOrNull(state.started_at),
    end_time: instantOrNull(state.ended_at),
    winning_variant_id: state.winning_variant_id,
    reason: state.reason,
    promotion,
    created_at: instant(created_at),
    updated_at: instant(state.updated_at),
  };
}

export function viewVariants(
  { variants }: Pick<ExperimentDefinition, "variants">,
  ledger: ExperimentState["ledger"],
): ExperimentView["variants"] {
  const weights = weightsOf(ledger, variants.length);
  return variants.map(({ variant_id, name, model, version, is_control, is_baseline }, index) => ({
    variant_id,
    name,
    model,
    version,
    traffic_weight: formatWeight(weights[index] ?? 0),
    is_control,
    is_baseline,
  }));
}

function viewRamp(
  { ramp: plan }: Pick<ExperimentDefinition, "ramp">,
  { ramp: at }: ExperimentState,
  decision: ExperimentSnapshot["ramp"],
): ExperimentView["ramp"] {
  return (
    plan && {
      steps: plan.steps.map(({ weight, hold_ms, minimum_outcomes, approval }) => ({
        weight: formatWeight(weight),
        hold_seconds: hold_ms / 1000,
        minimum_outcomes,
        approval,
      })),
      on_degradation: plan.on_degradation,
      step: at?.step ?? null,
      entered_at: instantOrNull(at?.entered_at ?? null),
      held: at?.held ?? null,
      waiting_for: decision?.waiting_for ?? [],
      next_at: instantOrNull(decision?.next_at ?? null),
      next_reason: decision?.reason ?? null,
    }
  );
}

export const viewChange = (changed: ChangedExperiment): ExperimentChange => ({
  ...viewExperiment(changed),
  effective_at: instant(changed.effective_at),
  ...(changed.undo_token === undefined ? {} : { undo_token: changed.undo_token }),
});

export const summariseExperiment = (row: ListedExperimentRow): ExperimentSummary => ({
  id: row.id,
  name: row.name,
  description: row.description,
  flag_key: row.flag_key,
  status: row.status,
  consistency: row.consistency,
  start_time: instantOrNull(row.started_at),
  end_time: instantOrNull(row.ended_at),
  created_at: instant(row.created_at),
  updated_at: instant(row.updated_at),
});
