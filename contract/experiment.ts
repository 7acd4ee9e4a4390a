import * as z from "zod";
import { EXPERIMENT_STATUSES } from "../domain/experiments/experiment.ts";
import { Description, id, Instant, line, Name, PageQuery, pageOf } from "./common.ts";

export const ExperimentPath = z.object({ id: id("exp") });
export const Status = z.enum(EXPERIMENT_STATUSES).meta({ id: "ExperimentStatus" });
export const Weight = z.string().max(40).meta({
  description: "An exact decimal from 0 to 1 with at most 12 decimals",
  example: "0.1",
});
export const MetricName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/,
    "expected a letter, then up to 63 letters, digits, '_', '.' or '-'",
  );
const Share = z.number().min(0).max(1);

const VariantRequest = z
  .strictObject({
    model: Name,
    version: z.int().min(1),
    traffic_weight: Weight.optional().meta({
      description:
        "Needed for `percentage`; a `mab` begins with equal shares by default, a ramp with its first step",
    }),
    is_control: z.boolean().default(false),
    is_baseline: z.boolean().default(false).meta({
      description: "A second arm of the control's version, to compare a canary with",
    }),
    name: line(100, "wdbc@2")
      .optional()
      .meta({ description: "Shown to people; `model@version` by default" }),
  })
  .meta({ id: "VariantRequest" });

const NoData = z.strictObject({
  after_seconds: z.int().min(1).max(7_776_000).default(3_600),
  action: z.enum(["hold", "pause", "rollback"]).default("hold"),
});
const Rollback = z
  .strictObject({
    rule: z.enum(["always_valid", "threshold", "both"]).default("always_valid").meta({
      description:
        "`always_valid` acts on evidence that holds however often it is looked at; `threshold` on observed values as they are",
    }),
    false_rollback_rate: z.number().min(0.000001).max(0.5).default(0.05).meta({
      description:
        "The largest share of harmless experiments that the always-valid guardrails, all together, roll back",
    }),
    error_rate_threshold: Share.default(0.05),
    error_degradation_threshold: z.number().min(0).max(1_000).default(0.1).meta({
      description: "Tolerated relative growth of the error rate against the control",
    }),
    latency_degradation_threshold: z.number().min(0).max(1_000).default(0.2),
    min_requests: z.int().min(1).max(1_000_000_000).default(100).meta({
      description: "Requests before `threshold` judges; always-valid evidence needs none",
    }),
    guardrail_margins: z
      .record(MetricName, z.number().min(0).max(1_000))
      .default({})
      .meta({ description: "Tolerated relative degradation by metric; 0.1 where it is not named" }),
    compare_with: z.enum(["control", "baseline"]).default("control"),
    mode: z.enum(["automatic", "approval"]).default("automatic"),
    cool_down_seconds: z.int().min(0).max(7_776_000).default(300),
    no_data: NoData.prefault({}),
  })
  .meta({ id: "RollbackPolicy" });

const RampStep = z.strictObject({
  weight: Weight.meta({ description: "The canary's share; several canaries divide it" }),
  hold_seconds: z.int().min(0).max(7_776_000).default(600),
  minimum_outcomes: z.int().min(0).max(1_000_000_000).default(0),
  approval: z.boolean().default(false),
});
const Ramp = z
  .strictObject({
    steps: z.array(RampStep).min(1).max(50),
    on_degradation: z.enum(["hold", "reverse", "rollback"]).default("hold"),
  })
  .meta({ id: "RampPlan" });
const Bandit = z
  .strictObject({
    metric: MetricName.optional().meta({ description: "The primary metric by default" }),
    objective: z.enum(["maximize", "minimize"]).optional().meta({
      description: "By default errors and latencies are minimized and all else is maximized",
    }),
    algorithm: z.enum(["thompson", "top_two"]).default("thompson"),
    minimum_share: Weight.default("0.01").meta({ description: "An additive floor for every arm" }),
  })
  .meta({ id: "BanditPolicy" });
const Cap = z.int().min(1).max(1_000_000_000).nullable().default(null);
export const Budget = z.strictObject({ max_requests: Cap, max_errors: Cap }).meta({
  id: "Budget",
  description: "Of all canaries together, worldwide; null is without limit",
});
const Key = z.string().min(1).max(256);
const ForeignWeights = z.array(z.number().min(0).max(2_147_483_647)).min(2).max(20).meta({
  description: "In the order of `variants`, as the other system has them",
});
const Encoding = z.enum(["javascript", "utf-8"]).optional().meta({
  description: "How its SDK reads a key that is not ASCII; `javascript` by default",
});
const Growthbook = {
  seed: Key.meta({ description: "The experiment's seed, or else its key" }),
  weights: ForeignWeights,
  coverage: Share.optional(),
  ranges: z
    .array(z.tuple([Share, Share]))
    .min(2)
    .max(20)
    .optional(),
};
const ForeignSplit = z
  .discriminatedUnion("algorithm", [
    z.strictObject({ algorithm: z.literal("growthbook-v1"), ...Growthbook }),
    z.strictObject({ algorithm: z.literal("growthbook-v2"), ...Growthbook }),
    z.strictObject({
      algorithm: z.literal("unleash"),
      group_id: Key.meta({ description: "The strategy's group, or else the flag's name" }),
      weights: ForeignWeights,
      rollout: z.number().min(0).max(100).optional(),
      encoding: Encoding,
    }),
    z.strictObject({
      algorithm: z.literal("flagd"),
      flag_key: z.string().max(256),
      weights: ForeignWeights,
      encoding: Encoding,
    }),
  ])
  .meta({
    id: "ForeignSplit",
    description:
      "A split that runs in another system: every unit keeps the variant that it has there, and later changes of weights move the fewest from that",
  });
const LayerRequest = z
  .strictObject({ name: Name, share: Weight })
  .meta({ description: "A share of a layer's units, disjoint from every other experiment's" });

export const CreateExperiment = z
  .strictObject({
    name: line(200, "wdbc: a larger network"),
    description: Description.default(""),
    flag_key: Name.optional().meta({
      description: "The key of its flag for OpenFeature clients; its id always is one",
    }),
    variants: z.array(VariantRequest).min(2).max(20),
    allocation_strategy: z.enum(["percentage", "ramping", "mab"]).default("percentage"),
    ramp: Ramp.optional(),
    bandit: Bandit.optional(),
    import: ForeignSplit.optional(),
    targeting: z.unknown().optional().meta({
      description:
        'A condition on a request\'s `attributes`, such as `{"attribute":"country","in":["FR"]}`; docs/allocation.md has the grammar',
    }),
    layer: LayerRequest.optional(),
    holdout: Name.optional().meta({ description: "The layer whose held-out units to leave alone" }),
    minimum_sample_size: z.int().min(1).max(1_000_000_000).default(1_000),
    confidence_level: z.number().min(0.5).max(0.999999).default(0.95),
    primary_metric: MetricName.default("conversion_rate"),
    guardrail_metrics: z.array(MetricName).max(20).default([]),
    rollback: Rollback.prefault({}),
    budget: Budget.prefault({}),
    consistency: z.enum(["strict", "leased"]).default("leased"),
    lease_ms: z.int().min(100).max(60_000).default(1_000).meta({
      description: "How long an isolate may decide from one copy of the table, when `leased`",
    }),
    alias: Name.default("champion").meta({
      description: "The alias that a conclusion moves to the winner",
    }),
  })
  .meta({ id: "CreateExperiment" });

const VariantView = z
  .object({
    variant_id: z.string(),
    name: z.string(),
    model: z.string(),
    version: z.int(),
    traffic_weight: Weight,
    is_control: z.boolean(),
    is_baseline: z.boolean(),
  })
  .meta({ id: "Variant", description: "`traffic_weight` is the share in force now" });

const Promotion = z
  .object({
    model: z.string(),
    alias: z.string(),
    version: z.int(),
    previous_version: z.int().nullable(),
  })
  .meta({ id: "Promotion" });

const RampView = z.object({
  steps: z.array(RampStep),
  on_degradation: z.enum(["hold", "reverse", "rollback"]),
  step: z.int().nullable().meta({ description: "The step in force, from 0; null in draft" }),
  entered_at: Instant.nullable(),
  held: z.string().nullable().meta({ description: "Why it does not go on" }),
  waiting_for: z.array(z.enum(["time", "outcomes", "approval", "guardrails", "sample_ratio"])),
  next_at: Instant.nullable().meta({ description: "When time alone could take the next step" }),
  next_reason: z.string().nullable(),
});

export const ExperimentView = z
  .object({
    id: id("exp"),
    name: z.string(),
    description: z.string(),
    status: Status,
    epoch: z.int(),
    flag_key: z.string().nullable(),
    variants: z.array(VariantView),
    allocation_strategy: z.enum(["percentage", "ramping", "mab"]),
    ramp: RampView.nullable(),
    bandit: Bandit.required().nullable(),
    hash: z.looseObject({ algorithm: z.string() }).meta({
      description: "How a unit's position is found: `linnet`, or as the system that it came from",
    }),
    targeting: z.unknown(),
    layer: z.object({ name: z.string(), share: Weight }).nullable(),
    holdout: z.string().nullable(),
    minimum_sample_size: z.int(),
    confidence_level: z.number(),
    primary_metric: z.string(),
    guardrail_metrics: z.array(z.string()),
    rollback: Rollback,
    budget: Budget,
    consistency: z.enum(["strict", "leased"]),
    lease_ms: z.int(),
    alias: z.string(),
    proposal: z
      .object({ reason: z.string(), at: Instant })
      .nullable()
      .meta({ description: "A rollback that waits for approval" }),
    quiet_until: Instant.nullable().meta({
      description: "A ramp rests, and a rollback is not proposed, before this instant",
    }),
    start_time: Instant.nullable(),
    end_time: Instant.nullable(),
    winning_variant_id: z.string().nullable(),
    reason: z.string().nullable(),
    promotion: Promotion.nullable(),
    created_at: Instant,
    updated_at: Instant,
  })
  .meta({ id: "Experiment" });

export const ExperimentSummary = z
  .object({
    id: id("exp"),
    name: z.string(),
    description: z.string(),
    flag_key: z.string().nullable(),
    status: Status,
    consistency: z.enum(["strict", "leased"]),
    start_time: Instant.nullable(),
    end_time: Instant.nullable(),
    created_at: Instant,
    updated_at: Instant,
  })
  .meta({ id: "ExperimentSummary" });

export const ExperimentQuery = PageQuery.extend({
  status: Status.optional(),
  search: z.string().max(64).optional().meta({ description: "Part of the name or description" }),
  order: z.enum(["newest", "oldest"]).default("newest"),
});
export const ExperimentPage = pageOf(ExperimentSummary, "Experiment");

/** The answer of a change of status. Leases of the old table are all over at `effective_at`. */
export const ExperimentChange = ExperimentView.extend({
  effective_at: Instant,
  undo_token: z.string().optional().meta({
    description: "Shown once, by a conclusion: takes it back with POST …/undo",
  }),
}).meta({ id: "ExperimentChange" });

const ExpectedEpoch = z.int().min(0).optional().meta({
  description: "Refuses the change when the experiment is in another epoch",
});
export const ReweighRequest = z
  .strictObject({
    weights: z.record(z.string().max(100), Weight).meta({
      description: "By `variant_id` or name; every variant, summing to 1",
      example: { "wdbc@1": "0.8", "wdbc@2": "0.2" },
    }),
    dry_run: z.boolean().default(false),
    max_moved_fraction: Weight.optional().meta({
      description: "Refuses the change when more units than this share would move",
    }),
    expected_epoch: ExpectedEpoch,
  })
  .meta({ id: "ReweighRequest" });
export const ReweighResult = z
  .object({
    dry_run: z.boolean(),
    moved_fraction: Weight.meta({
      description: "The fewest that any change to these weights can move",
    }),
    epoch: z.int(),
    effective_at: Instant.nullable(),
    variants: z.array(VariantView),
  })
  .meta({ id: "ReweighResult" });
export const RampRequest = z
  .strictObject({
    action: z.enum(["approve", "advance", "reverse", "hold", "release"]),
    reason: line(500, "waiting for the weekend").optional(),
  })
  .meta({ id: "RampRequest" });
export const ProposalRequest = z
  .strictObject({ decision: z.enum(["approve", "dismiss"]) })
  .meta({ id: "ProposalRequest" });
export const UndoRequest = z
  .strictObject({ undo_token: z.string().min(1).max(100) })
  .meta({ id: "UndoRequest" });

export const RollbackRequest = z.strictObject({
  reason: line(500, "complaints from support").optional(),
});
export const ConcludeRequest = z.strictObject({
  winning_variant_id: z.string().max(64).optional(),
  expected_epoch: ExpectedEpoch,
});

export type CreateExperiment = z.input<typeof CreateExperiment>;
export type CreateExperimentBody = z.output<typeof CreateExperiment>;
export type ExperimentQuery = z.input<typeof ExperimentQuery>;
export type ExperimentView = z.infer<typeof ExperimentView>;
export type ExperimentSummary = z.infer<typeof ExperimentSummary>;
export type ExperimentChange = z.infer<typeof ExperimentChange>;
export type ReweighRequest = z.input<typeof ReweighRequest>;
export type ReweighResult = z.infer<typeof ReweighResult>;
export type RampRequest = z.infer<typeof RampRequest>;
