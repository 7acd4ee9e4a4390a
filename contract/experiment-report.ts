import * as z from "zod";
import { Instant, PageQuery, pageOf } from "./common.ts";
import { MetricName, Status, Weight } from "./experiment.ts";

export const VariantMetrics = z
  .object({
    variant_id: z.string(),
    name: z.string(),
    model: z.string(),
    version: z.int(),
    is_control: z.boolean(),
    is_baseline: z.boolean(),
    traffic_weight: Weight.meta({ description: "The share in force now" }),
    request_count: z.int(),
    success_count: z.int(),
    error_count: z.int(),
    user_count: z.int().meta({ description: "Sticky users, by their first exposure" }),
    success_rate: z.number().nullable(),
    error_rate: z.number().nullable(),
    latency_mean_ms: z.number().nullable(),
    latency_p50_ms: z.number().nullable(),
    latency_p95_ms: z.number().nullable(),
    latency_p99_ms: z.number().nullable(),
    conversion_rate: z.number().nullable(),
    custom_metrics: z
      .record(z.string(), z.number())
      .meta({ description: "The mean of each metric" }),
  })
  .meta({
    id: "ExperimentMetrics",
    description:
      "`request_count` and `error_count` are of all requests. `success_count` is what callers report, or every served request while nobody reports. `error_rate` is the share that could not be served, and of the rest the share that callers report as failed.",
  });
export const MetricsReport = z
  .object({
    experiment_id: z.string(),
    name: z.string(),
    status: Status,
    epoch: z.int(),
    variants: z.array(VariantMetrics),
  })
  .meta({
    id: "MetricsReport",
    description: "Latency quantiles are within 1 % of the exact value",
  });

const Ends = z.tuple([z.number(), z.number()]).nullable();
const Advice = {
  recommended_action: z.enum(["continue", "conclude_winner", "conclude_no_difference"]),
  winner: z.string().nullable().meta({
    description: "The better arm, which may be the one compared with",
  }),
};
const Sequential = z
  .object({
    method: z.enum(["exact", "asymptotic", "quantile"]).nullable(),
    estimate: z.number().nullable(),
    interval: Ends,
    p_value: z.number().nullable(),
    e_value_log: z.number().nullable().meta({
      description: "The natural logarithm of the e-value against no difference",
    }),
    adjusted_p_value: z.number().nullable().meta({
      description: "For the number of variants in this answer (Holm); the advice goes by it",
    }),
    valid_from: z.int().nullable().meta({
      description: "Observations of each arm from which on the method is near its level",
    }),
    reason: z.string().nullable().meta({ description: "Why there is no p-value" }),
    ...Advice,
  })
  .meta({
    id: "SequentialResult",
    description:
      "The difference of variant and compared arm, within epochs, by evidence that holds however often it is looked at and whenever one stops: automation should read this `recommended_action`. Ramps, bandits and a base rate that drifts do not bias it.",
  });
const Stratified = z.object({
  estimate: z.number().nullable(),
  standard_error: z.number().nullable(),
  p_value: z.number().nullable(),
  interval: Ends,
  strata: z.int().meta({ description: "Epochs with at least two observations of each arm" }),
  reason: z.string().nullable(),
});
const Power = z
  .object({
    relative_effect: z.number(),
    achieved: z.number().nullable(),
    required_sample_size: z.int().nullable(),
    reason: z.string().nullable(),
  })
  .meta({
    description:
      "How probably so large a sample shows a change of the control's value by `relative_effect`, and how many observations each of two equal arms needs to show it with probability 0.8",
  });
const Cuped = z
  .object({
    estimate: z.number().nullable(),
    interval: Ends,
    p_value: z.number().nullable(),
    variance_reduction: z.number().nullable(),
    theta: z.number().nullable(),
    reason: z.string().nullable(),
  })
  .meta({
    description:
      "The difference within epochs, freed of what the outcomes' `covariate` explains; for the primary metric only",
  });
const Significance = z
  .object({
    variant_id: z.string(),
    metric: z.string(),
    method: z.enum(["two_proportion_z", "fisher_exact", "welch_t", "mann_whitney"]).nullable(),
    is_significant: z.boolean(),
    p_value: z.number().nullable(),
    confidence_interval: Ends,
    effect_size: z.number().nullable().meta({
      description:
        "Cohen's h of rates, Cohen's d of means, rank-biserial correlation of ranks; positive when the variant's values are higher",
    }),
    control_value: z.number().nullable(),
    variant_value: z.number().nullable(),
    sample_size_adequate: z.boolean(),
    ...Advice,
    reason: z.string().nullable().meta({ description: "Why there is no p-value" }),
    adjusted_p_value: z
      .object({ holm: z.number().nullable(), benjamini_hochberg: z.number().nullable() })
      .meta({ description: "For the number of variants in this answer" }),
    sequential: Sequential,
    stratified: Stratified,
    pooled_differs: z.boolean().meta({
      description:
        "All epochs added up and the difference within epochs disagree in significance, or in a significant direction: believe `stratified`",
    }),
    power: Power,
    cuped: Cuped,
  })
  .meta({
    id: "SignificanceResult",
    description:
      "A test of all that was counted, for one look at a sample size fixed before. `conclude_winner` takes significance, `conclude_no_difference` an interval without any difference of 5 % of the control's value or more, both `minimum_sample_size`.",
  });
const GuardMethod = z.enum(["beta_binomial", "event_share", "quantile", "confidence_sequence"]);
const Guardrail = z
  .object({
    metric: z.string(),
    variant_id: z.string(),
    control_value: z.number().nullable(),
    variant_value: z.number().nullable(),
    degradation: z.number().nullable(),
    threshold: z.number().meta({ description: "The rollback policy's margin for this metric" }),
    passed: z.boolean().meta({ description: "By the observed values" }),
    reason: z.string().nullable(),
    method: GuardMethod.nullable(),
    log_e_value: z.number().nullable().meta({
      description: "Always-valid evidence that it is worse by more than the margin",
    }),
    margin: z.number(),
    non_inferiority_p_value: z.number().nullable().meta({
      description:
        "Of being worse by the margin or more, for one look: a small one says that the variant is fine",
    }),
  })
  .meta({ id: "GuardrailResult" });
const SampleRatio = z
  .object({
    p_value: z.number().meta({ description: "May be looked at after every request" }),
    mismatch: z.boolean(),
    counted: z.enum(["users", "requests"]),
    epochs: z.array(
      z.object({
        epoch: z.int(),
        observed: z.array(z.number()),
        expected: z.array(z.number()),
        p_value: z.number(),
      }),
    ),
  })
  .meta({
    id: "SampleRatioReport",
    description: "Whether traffic agrees with the weights; counts are in the order of the variants",
  });
const Evidence = z
  .object({
    log_e_value: z.number(),
    log_threshold: z.number(),
    false_rollback_rate: z.number(),
    verdicts: z.array(
      z
        .object({
          variant_id: z.string(),
          guardrail: z.string(),
          method: GuardMethod,
          value: z.number().nullable(),
          control_value: z.number().nullable(),
          limit: z.number().nullable(),
          log_e_value: z.number(),
          degraded: z.boolean(),
          requests: z.int(),
        })
        .meta({ id: "GuardrailVerdict" }),
    ),
  })
  .meta({
    description:
      "All guardrails of all canaries together: an always-valid rollback happens where `log_e_value`, the logarithm of the mean of the verdicts' e-values, reaches `log_threshold`",
  });
const EpochView = z.object({
  epoch: z.int(),
  at: Instant,
  status: Status,
  weights: z.record(z.string(), Weight).meta({ description: "By `variant_id`" }),
});

export const AnalysisQuery = z.object({
  metric: MetricName.optional().meta({ description: "The primary metric by default" }),
  interval: z.enum(["newcombe", "score", "agresti_caffo", "wald"]).default("newcombe").meta({
    description: "Of a difference of rates; means have Welch's",
  }),
  test: z
    .enum(["auto", "two_proportion_z", "fisher_exact", "welch_t", "mann_whitney"])
    .default("auto")
    .meta({
      description:
        "`auto` takes Fisher's exact test for rates where fewer than 5 are expected in a cell, the rank-sum test for latencies that are fewer than 30 or too skewed for a t test, and else the z test or Welch's",
    }),
  compare_with: z.enum(["control", "baseline"]).default("control"),
  confidence_level: z.coerce.number().min(0.5).max(0.999999).optional().meta({
    description: "The experiment's by default",
  }),
});
export const AnalysisReport = z
  .object({
    experiment_id: z.string(),
    status: Status,
    metric: z.string(),
    confidence_level: z.number(),
    minimum_sample_size: z.int(),
    compared_variant_id: z.string(),
    results: z.array(Significance),
    guardrails: z.array(Guardrail),
    sample_ratio: SampleRatio,
    epochs: z.array(EpochView),
    evidence: Evidence,
  })
  .meta({ id: "AnalysisReport" });

export const EVENT_TYPES = [
  "created",
  "started",
  "paused",
  "resumed",
  "rolled_back",
  "concluded",
  "conclusion_undone",
  "promoted",
  "demoted",
  "reweighed",
  "ramp_advanced",
  "ramp_reversed",
  "ramp_held",
  "ramp_released",
  "ramp_approved",
  "rollback_proposed",
  "rollback_dismissed",
  "budget_changed",
  "spread",
  "sample_ratio_mismatch",
] as const;
export const EventView = z
  .object({
    sequence: z.int(),
    type: z.enum(EVENT_TYPES),
    at: Instant,
    by: z.string().meta({
      description: "The key that asked, or the rule that decided by itself, such as `guardrail`",
    }),
    epoch: z.int(),
    data: z.record(z.string(), z.unknown()).meta({
      description:
        "What the change needs, and its evidence: what was seen, the threshold, the rule's version",
    }),
    hash: z.string().nullable().meta({
      description: "SHA-256 of the canonical JSON of the hash before and of this event",
    }),
  })
  .meta({ id: "ExperimentEvent" });
export const EventPage = pageOf(EventView, "ExperimentEvent");
export const EventQuery = PageQuery.extend({
  cursor: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .meta({ description: "`sequence` to go on after" }),
});

export type VariantMetrics = z.infer<typeof VariantMetrics>;
export type MetricsReport = z.infer<typeof MetricsReport>;
export type AnalysisQuery = z.input<typeof AnalysisQuery>;
export type AnalysisReport = z.infer<typeof AnalysisReport>;
export type EventView = z.infer<typeof EventView>;
