import * as z from "zod";
import { id, Instant, Name, PageQuery, pageOf } from "./common.ts";
import { Method } from "./explanation.ts";

export const ExplanationKind = z.enum(["local", "global", "drift"]);

const Filter = {
  model: Name.optional(),
  version: z.coerce.number().int().min(1).optional(),
  kind: ExplanationKind.optional(),
  method: Method.optional(),
  prediction_id: id("prd").optional(),
};

const oneModel = ({
  model,
  version,
}: {
  model?: string | undefined;
  version?: number | undefined;
}) => version === undefined || model !== undefined;

const ONE_MODEL = { error: "a version is one of a model: give the model, too" };

export const ListQuery = PageQuery.extend(Filter).refine(oneModel, ONE_MODEL);

export const PruneQuery = z
  .object({
    ...Filter,
    older_than_days: z.coerce.number().min(0).max(3_650).optional().meta({
      description: "Only those that were made longer ago than this",
    }),
  })
  .refine(oneModel, ONE_MODEL)
  .refine(({ model, older_than_days }) => model !== undefined || older_than_days !== undefined, {
    error: "say what goes: older_than_days, a model, or both",
  });

export const Pruned = z.object({ deleted: z.int() }).meta({ id: "PrunedExplanations" });

export const ExplanationSummary = z
  .object({
    explanation_id: id("xpl"),
    kind: ExplanationKind,
    model_id: id("mdl"),
    model: z.string(),
    model_version: z.int(),
    method: Method,
    prediction_id: z.string().nullable(),
    computation_time_ms: z.number(),
    created_at: Instant,
    expires_at: Instant,
  })
  .meta({ id: "ExplanationSummary" });

export type ExplanationSummary = z.infer<typeof ExplanationSummary>;

export const ExplanationPage = pageOf(ExplanationSummary, "Explanation");

export const StatisticsQuery = z.object({
  model: Name.optional(),
  days: z.coerce.number().int().min(1).max(365).default(30),
});

export const ExplanationStatistics = z
  .object({
    days: z.int(),
    hits: z.int(),
    misses: z.int(),
    hit_rate: z.number().nullable(),
    miss_rate: z.number().nullable(),
    computation_time_ms: z.int(),
    kept: z.int(),
    kept_bytes: z.int(),
    oldest_at: Instant.nullable(),
    newest_at: Instant.nullable(),
    by_method: z.array(
      z.object({ kind: ExplanationKind, method: Method, count: z.int(), bytes: z.int() }),
    ),
  })
  .meta({ id: "ExplanationStatistics" });

export type ExplanationStatistics = z.infer<typeof ExplanationStatistics>;
