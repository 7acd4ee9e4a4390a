import type { ExperimentView } from "@linnet/sdk";
import { formatDuration } from "./duration.ts";
import { paintStatus } from "./experiment-status.ts";
import { formatCount, formatNumber, formatTime } from "./format.ts";
import { renderFields, renderTable, type TableOptions } from "./table.ts";
import { plain } from "./text-width.ts";

const time = (instant: string | null): string | null => instant && formatTime(instant);
const percent = (share: number): string => `${formatNumber(share * 100)} %`;

/** An experiment as it is defined and what has become of it. */
export function renderExperiment(experiment: ExperimentView, options: TableOptions): string {
  const { promotion, ramp, bandit, layer, proposal, hash } = experiment;
  const winner = experiment.variants.find(
    ({ variant_id }) => variant_id === experiment.winning_variant_id,
  );
  const status = paintStatus(experiment.status, options.paint);
  const title = options.paint.bold(plain(experiment.name));
  const fields = renderFields(
    [
      ["id", experiment.id],
      ["description", experiment.description],
      ["flag", experiment.flag_key],
      ["consistency", consistencyOf(experiment)],
      ["metric", experiment.primary_metric],
      ["guardrails", experiment.guardrail_metrics.join(", ")],
      ["bandit", bandit && `${bandit.algorithm}: ${bandit.objective} ${bandit.metric}`],
      ["targeting", experiment.targeting ? JSON.stringify(experiment.targeting) : null],
      ["hash", hash.algorithm === "linnet" ? null : JSON.stringify(hash)],
      ["layer", layer && `${layer.share} of ${layer.name}`],
      ["holdout", experiment.holdout],
      ["rolls back", rollbackOf(experiment)],
      ["budget", budgetOf(experiment)],
      ["created", formatTime(experiment.created_at)],
      ["started", time(experiment.start_time)],
      ["ended", time(experiment.end_time)],
      ["quiet until", time(experiment.quiet_until)],
      ["winner", winner && `${winner.name} (${winner.variant_id})`],
      ["reason", experiment.reason],
      ["proposal", proposal && `roll back: ${proposal.reason} (${formatTime(proposal.at)})`],
      ["promoted", promotion && `${promotion.model}@${promotion.alias} is ${promotion.version}`],
    ],
    options,
  );
  const variants = renderTable(
    [
      { title: "variant", flexible: true, value: ({ name }) => name },
      { title: "model", value: ({ model, version }) => `${model}@${version}` },
      { title: "weight", align: "right", value: ({ traffic_weight }) => traffic_weight },
      { title: "role", value: roleOf },
      { title: "id", value: ({ variant_id }) => variant_id },
    ],
    experiment.variants,
    options,
  );
  const steps = ramp ? `\n\n${renderRamp(ramp, options)}` : "";
  return `${title}  ${status}  epoch ${experiment.epoch}\n${fields}\n\n${variants}${steps}`;
}

export const roleOf = ({
  is_control,
  is_baseline,
}: Pick<ExperimentView["variants"][number], "is_control" | "is_baseline">): string => {
  if (is_control) return "control";
  return is_baseline ? "baseline" : "";
};

const consistencyOf = ({ consistency, lease_ms }: ExperimentView): string =>
  consistency === "leased" ? `leased for ${lease_ms} ms` : consistency;

function rollbackOf({ rollback }: ExperimentView): string {
  const { rule, min_requests, error_rate_threshold, latency_degradation_threshold } = rollback;
  const growth = percent(rollback.error_degradation_threshold);
  const errors =
    rule === "threshold"
      ? `${percent(error_rate_threshold)} errors`
      : `${percent(error_rate_threshold)} errors, ${growth} more errors than the control`;
  const limits = `above ${errors} or ${percent(latency_degradation_threshold)} slower`;
  const looks = `as observed, from ${formatCount(min_requests)} requests on`;
  const surely = `on evidence that errs in at most ${percent(rollback.false_rollback_rate)}`;
  const how = { threshold: looks, always_valid: surely, both: `${surely}, or ${looks}` };
  const asks = rollback.mode === "approval" ? "; asks before" : "";
  return `${limits}, ${how[rule]}${asks}`;
}

function budgetOf({ budget: { max_requests, max_errors } }: ExperimentView): string | null {
  const limits = [
    max_requests === null ? [] : [`${formatCount(max_requests)} requests`],
    max_errors === null ? [] : [`${formatCount(max_errors)} errors`],
  ].flat();
  return limits.length === 0 ? null : `${limits.join(" and ")} of all canaries`;
}

/** The plan of a ramp with a mark at the step in force, and what it waits for. */
function renderRamp(ramp: NonNullable<ExperimentView["ramp"]>, options: TableOptions): string {
  const { step, held, next_reason, next_at, on_degradation } = ramp;
  const plan = renderTable(
    [
      { title: "", value: ({ index }) => (index === step ? "▶" : "") },
      { title: "step", align: "right", value: ({ index }) => String(index + 1) },
      { title: "weight", align: "right", value: ({ weight }) => weight },
      {
        title: "holds",
        align: "right",
        value: ({ hold_seconds }) => formatDuration(hold_seconds),
      },
      {
        title: "outcomes",
        align: "right",
        value: ({ minimum_outcomes }) => formatCount(minimum_outcomes),
      },
      { title: "approval", value: ({ approval }) => (approval ? "asked for" : "") },
    ],
    ramp.steps.map((one, index) => ({ ...one, index })),
    options,
  );
  const state = renderFields(
    [
      ["held", held],
      ["waits", held === next_reason ? null : next_reason],
      ["next", next_at && `${formatTime(next_at)} UTC, by time alone`],
      ["when worse", on_degradation],
    ],
    options,
  );
  return `${plan}\n\n${state}`;
}
