import type {
  ExperimentChange,
  ExperimentSummary,
  ExperimentView,
} from "../../../contract/experiment.ts";
import type { ExperimentSnapshot } from "../../../contract/experiment-lease.ts";
import type { ListedExperimentRow } from "../../../database/experiments.ts";
import { formatWeight } from "../../../domain/experiments/weight.ts";
import { instant, instantOrNull } from "../http/times.ts";

export function viewExperiment({
  definition,
  state,
  promotion,
}: ExperimentSnapshot): ExperimentView {
  const { id, owner_id: _, name, variants, created_at, ...described } = definition;
  return {
    id,
    name,
    ...described,
    status: state.status,
    epoch: state.epoch,
    variants: variants.map(({ variant_id, name, model, version, weight, is_control }) => ({
      variant_id,
      name,
      model,
      version,
      traffic_weight: formatWeight(weight),
      is_control,
    })),
    start_time: instantOrNull(state.started_at),
    end_time: instantOrNull(state.ended_at),
    winning_variant_id: state.winning_variant_id,
    reason: state.reason,
    promotion,
    created_at: instant(created_at),
    updated_at: instant(state.updated_at),
  };
}

export const viewChange = (
  changed: ExperimentSnapshot & { effective_at: number },
): ExperimentChange => ({
  ...viewExperiment(changed),
  effective_at: instant(changed.effective_at),
});

export const summariseExperiment = (row: ListedExperimentRow): ExperimentSummary => ({
  id: row.id,
  name: row.name,
  description: row.description,
  status: row.status,
  consistency: row.consistency,
  start_time: instantOrNull(row.started_at),
  end_time: instantOrNull(row.ended_at),
  created_at: instant(row.created_at),
  updated_at: instant(row.updated_at),
});
