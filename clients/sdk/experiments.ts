import type { CallOptions, Linnet } from "./client.ts";
import { eachItem, type PageQuery } from "./page.ts";
import { path } from "./path.ts";
import { randomId } from "./random-id.ts";
import type {
  AnalysisReport,
  CreateExperiment,
  ExperimentChange,
  ExperimentPredictRequest,
  ExperimentPredictResponse,
  ExperimentSummary,
  ExperimentView,
  MetricsReport,
  Outcome,
  OutcomesReport,
  Page,
  RouteRequest,
  RouteResponse,
} from "./wire.ts";

export { allEvents, events } from "./experiment-events.ts";
export type { EventQuery } from "./experiment-events.ts";
export { sampleSize, simulate } from "./experiment-plans.ts";
export { answerProposal, changeBudget, reweigh, steerRamp, undo } from "./experiment-steering.ts";
export { assignment, explain } from "./experiment-units.ts";
export type { UnitQuery } from "./experiment-units.ts";
export { verifyEvents } from "./verify-events.ts";
export type { ChainBreak, ChainReport } from "./verify-events.ts";
export { watch } from "./watch.ts";
export type { WatchOptions } from "./watch.ts";

export type ExperimentQuery = PageQuery & {
  status?: ExperimentView["status"] | undefined;
  /** Part of the name or description. */
  search?: string | undefined;
  order?: "newest" | "oldest" | undefined;
};

/**
 * Defines an experiment, which begins as a draft. A call with the `idempotencyKey` of an earlier
 * one answers with its experiment; one is made up for the retries of this call if you give none.
 */
export const create = (
  client: Linnet,
  experiment: CreateExperiment,
  {
    idempotencyKey = randomId("idem"),
    ...options
  }: CallOptions & { idempotencyKey?: string | undefined } = {},
): Promise<ExperimentView> =>
  client.call(
    {
      method: "POST",
      path: "/v1/experiments",
      headers: { "idempotency-key": idempotencyKey },
      json: experiment,
      repeatable: true,
    },
    options,
  );

export const list = (
  client: Linnet,
  query?: ExperimentQuery,
  options?: CallOptions,
): Promise<Page<ExperimentSummary>> =>
  client.call(
    { method: "GET", path: "/v1/experiments", query: { ...query }, repeatable: true },
    options,
  );

export const all = (
  client: Linnet,
  query?: ExperimentQuery,
  options?: CallOptions,
): AsyncIterable<ExperimentSummary> =>
  eachItem((cursor) => list(client, { ...query, cursor }, options), query?.cursor);

export const get = (client: Linnet, id: string, options?: CallOptions): Promise<ExperimentView> =>
  client.call({ method: "GET", path: path`/v1/experiments/${id}`, repeatable: true }, options);

/** Deletes a draft or an experiment that has ended, with all that it counted. */
export const remove = (client: Linnet, id: string, options?: CallOptions): Promise<void> =>
  client.call(
    { method: "DELETE", path: path`/v1/experiments/${id}`, repeatable: true, absentIsDone: true },
    options,
  );

/** A change of status is never retried: the second of two is a refusal. */
const change = (
  client: Linnet,
  target: string,
  json: object | undefined,
  options: CallOptions | undefined,
): Promise<ExperimentChange> =>
  client.call({ method: "POST", path: target, json, repeatable: false }, options);

/** Splits traffic by the weights from now on. */
export const start = (client: Linnet, id: string, options?: CallOptions) =>
  change(client, path`/v1/experiments/${id}/start`, undefined, options);

/** Sends everybody to the control for a while. */
export const pause = (client: Linnet, id: string, options?: CallOptions) =>
  change(client, path`/v1/experiments/${id}/pause`, undefined, options);

export const resume = (client: Linnet, id: string, options?: CallOptions) =>
  change(client, path`/v1/experiments/${id}/resume`, undefined, options);

/** Sends everybody to the control for good; no decision goes elsewhere after `effective_at`. */
export const rollback = (
  client: Linnet,
  id: string,
  request: { reason?: string | undefined } = {},
  options?: CallOptions,
) => change(client, path`/v1/experiments/${id}/rollback`, request, options);

/**
 * Ends it. A winner gets all traffic and the experiment's alias; else the control keeps both. The
 * answer's `undo_token` takes it back. With `expected_epoch` it is refused in another epoch.
 */
export const conclude = (
  client: Linnet,
  id: string,
  request: {
    winning_variant_id?: string | undefined;
    expected_epoch?: number | undefined;
  } = {},
  options?: CallOptions,
) => change(client, path`/v1/experiments/${id}/conclude`, request, options);

/** Which variant a request gets, for callers that run the model themselves. Exposes the user. */
export const route = (
  client: Linnet,
  id: string,
  request: RouteRequest,
  options?: CallOptions,
): Promise<RouteResponse> =>
  client.call(
    { method: "POST", path: path`/v1/experiments/${id}/route`, json: request, repeatable: true },
    options,
  );

/**
 * Runs the model of the variant that this request gets, and counts the request for it. A
 * `request_id` is made up if you give none, so that a retry is the same request. With `store` each
 * row is kept; the call is then not repeated by itself, as that would keep it twice.
 */
export const predict = (
  client: Linnet,
  id: string,
  request: ExperimentPredictRequest,
  options?: CallOptions,
): Promise<ExperimentPredictResponse> => {
  const request_id = request.request_id ?? options?.requestId ?? randomId("req");
  const json = { ...request, request_id };
  const repeatable = request.store !== true;
  return client.call(
    { method: "POST", path: path`/v1/experiments/${id}/predict`, json, repeatable },
    options,
  );
};

/**
 * Reports what came of 1 to 1000 requests. Each `request_id` counts once, however often sent; a
 * report of a higher `revision` corrects the one before. With the decision's `epoch` a late outcome
 * counts where it belongs.
 */
export const reportOutcomes = (
  client: Linnet,
  id: string,
  outcomes: readonly Outcome[],
  options?: CallOptions,
): Promise<OutcomesReport> =>
  client.call(
    {
      method: "POST",
      path: path`/v1/experiments/${id}/outcomes`,
      json: { outcomes },
      repeatable: true,
    },
    options,
  );

/** The counts, rates and latencies of every variant. */
export const metrics = (
  client: Linnet,
  id: string,
  options?: CallOptions,
): Promise<MetricsReport> =>
  client.call(
    { method: "GET", path: path`/v1/experiments/${id}/metrics`, repeatable: true },
    options,
  );

export type AnalysisQuery = {
  /** The primary metric by default. */
  metric?: string | undefined;
  test?: "auto" | "two_proportion_z" | "fisher_exact" | "welch_t" | "mann_whitney" | undefined;
  /** Of a difference of rates. */
  interval?: "newcombe" | "score" | "agresti_caffo" | "wald" | undefined;
  compare_with?: "control" | "baseline" | undefined;
  /** The experiment's by default. */
  confidence_level?: number | undefined;
};

/**
 * Whether a variant differs from the control. Each result's own test is for one look at a sample
 * fixed before; its `sequential` holds however often it is looked at, and is for automation.
 */
export const analysis = (
  client: Linnet,
  id: string,
  query?: AnalysisQuery,
  options?: CallOptions,
): Promise<AnalysisReport> =>
  client.call(
    {
      method: "GET",
      path: path`/v1/experiments/${id}/analysis`,
      query: { ...query },
      repeatable: true,
    },
    options,
  );
