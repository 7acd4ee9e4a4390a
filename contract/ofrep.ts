import * as z from "zod";
import { REASONS } from "../domain/ofrep/flag-evaluation.ts";
import { line } from "./common.ts";
import { MetricName, Status } from "./experiment.ts";
import { Problem } from "./problem.ts";

/** The wire of the OpenFeature Remote Evaluation Protocol 0.3: its members are not snake_case. */
const Metadata = z.record(z.string(), z.union([z.boolean(), z.string(), z.number()]));

/** Any key may be asked for; one that no experiment can have is a flag that does not exist. */
export const FlagPath = z.object({ key: z.string().min(1) });

const CONTEXT = {
  type: "object",
  required: ["targetingKey"],
  properties: { targetingKey: { type: "string" } },
  additionalProperties: true,
  description: "What is known of the user; `targetingKey` is what keeps its variant",
  example: { targetingKey: "user-42", country: "FR" },
} satisfies z.core.JSONSchema.JSONSchema;

/** Only for OpenAPI: the body is read by hand, as the protocol names what is wrong with it. */
export const EVALUATE_FLAG = {
  type: "object",
  required: ["context"],
  properties: { context: CONTEXT },
} satisfies z.core.JSONSchema.JSONSchema;

export const FlagEvaluation = z
  .object({
    key: z.string(),
    value: z.int().optional().meta({
      description: "The number of the model version; without it the code's default is meant",
    }),
    reason: z.enum(REASONS),
    variant: z.string().optional(),
    metadata: Metadata,
  })
  .meta({ id: "FlagEvaluation" });

const ERROR_CODES = [
  "PARSE_ERROR",
  "TARGETING_KEY_MISSING",
  "INVALID_CONTEXT",
  "FLAG_NOT_FOUND",
  "GENERAL",
] as const;
export type FlagErrorCode = (typeof ERROR_CODES)[number];

const FlagFailure = z
  .object({
    key: z.string(),
    errorCode: z.enum(ERROR_CODES),
    errorDetails: z.string(),
  })
  .meta({ id: "FlagFailure" });
export type FlagFailure = z.infer<typeof FlagFailure>;

/** What an operation of OFREP answers when it fails: its own members beside those of a problem. */
export const OfrepProblem = Problem.safeExtend({
  key: z.string().optional(),
  errorCode: z.enum(ERROR_CODES).optional(),
  errorDetails: z.string(),
}).meta({ id: "OfrepProblem" });

const EventStream = z
  .object({
    type: z.literal("sse"),
    endpoint: z.object({ requestUri: z.string() }),
    inactivityDelaySec: z.int(),
  })
  .meta({ id: "EventStream" });

export const FlagEvaluations = z
  .object({
    flags: z.array(z.union([FlagEvaluation, FlagFailure])),
    metadata: Metadata.optional(),
    eventStreams: z.array(EventStream),
  })
  .meta({ id: "FlagEvaluations" });
export type FlagEvaluations = z.infer<typeof FlagEvaluations>;

/** How a client that heard of a change says so; either makes the isolate look anew. */
export const RefetchQuery = z.object({
  flagConfigEtag: z.string().max(256).optional(),
  flagConfigLastModified: z.string().max(64).optional(),
});

const TrackingId = line(256, "order-8817");

/** The protocol has no tracking yet, so this is Linnet's own. */
export const TrackFlag = z
  .strictObject({
    // Required too, and read by hand as that of an evaluation is.
    context: z.unknown().optional().meta(CONTEXT),
    tracking_id: TrackingId.meta({
      description:
        "Counts once. With the `request_id` of a prediction it completes what is known of that request",
    }),
    variant_id: z.string().min(1).max(64).optional().meta({
      description:
        "`metadata.variant_id` of the evaluation that this came of; else what the user has now",
    }),
    epoch: z.int().min(1).optional().meta({
      description: "`metadata.epoch` of that evaluation; else the epoch of now",
    }),
    name: MetricName.optional().meta({ description: "A metric", example: "conversion" }),
    value: z.number().min(-1e15).max(1e15).optional().meta({
      description: "Of the metric; 1 by default",
    }),
    success: z.boolean().default(true),
    latency_ms: z.number().min(0).max(86_400_000).optional(),
  })
  .refine(({ name, value }) => name !== undefined || value === undefined, {
    path: ["name"],
    message: "expected the name of the metric that has this value",
  })
  .meta({
    id: "TrackFlag",
    example: {
      context: { targetingKey: "user-42" },
      tracking_id: "order-8817",
      name: "conversion",
    },
  });

export const TrackedFlag = z
  .object({
    accepted: z.int(),
    duplicates: z.int(),
    rejected: z.array(
      z.object({
        request_id: z.string(),
        code: z.enum([
          "variant_unknown",
          "variant_mismatch",
          "metrics_too_many",
          "unit_not_assigned",
        ]),
      }),
    ),
    status: Status,
  })
  .meta({ id: "TrackedFlag" });
export type TrackedFlag = z.infer<typeof TrackedFlag>;
