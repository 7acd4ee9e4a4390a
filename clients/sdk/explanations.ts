import { type CallOptions, COMPUTE_TIMEOUT_MS, type Linnet } from "./client.ts";
import { eachItem, type PageQuery } from "./page.ts";
import { path } from "./path.ts";
import type {
  AnyExplanationView,
  DriftExplanationView,
  ExplainDriftRequest,
  ExplainRequest,
  ExplanationStatistics,
  ExplanationSummary,
  ExplanationView,
  ExportExplainerRequest,
  Page,
} from "./wire.ts";

export {
  batch,
  batchOf,
  batchToEnd,
  global,
  globalOf,
  globalToEnd,
  ofJob,
} from "./explanation-batches.ts";
export type { Answered } from "./explanation-batches.ts";
export { explainStream } from "./explain-stream.ts";
export type { ExplainEvent, ExplanationEstimate } from "./explain-stream.ts";

/**
 * Explains what a model says of one row: why it gave this score, and how sure the shares are. The
 * same request gives the same answer, at once where it is cached.
 */
export const explain = (
  client: Linnet,
  json: ExplainRequest,
  options?: CallOptions,
): Promise<ExplanationView> =>
  client.call(
    { method: "POST", path: "/v1/explanations", json, repeatable: true },
    { timeoutMs: COMPUTE_TIMEOUT_MS, ...options },
  );

/**
 * Whether a model goes by other features on live rows than on those of a baseline: the greatest
 * change of each, with its interval, and whether all of it is more than chance.
 */
export const drift = (
  client: Linnet,
  json: ExplainDriftRequest,
  options?: CallOptions,
): Promise<DriftExplanationView> =>
  client.call(
    { method: "POST", path: "/v1/explanations/drift", json, repeatable: true },
    { timeoutMs: COMPUTE_TIMEOUT_MS, ...options },
  );

/**
 * An ONNX file that explains a version against one background, wherever ONNX runs: it takes the
 * inputs of the model with one row and gives the contributions, the base and the prediction.
 */
export const exportExplainer = (
  client: Linnet,
  model: string,
  version: number,
  json: ExportExplainerRequest = {},
  options?: CallOptions,
): Promise<Uint8Array<ArrayBuffer>> =>
  client.read(
    {
      method: "POST",
      path: path`/v1/models/${model}/versions/${version}/explainer`,
      headers: { accept: "application/octet-stream, application/problem+json" },
      json,
      repeatable: true,
    },
    { timeoutMs: COMPUTE_TIMEOUT_MS, ...options },
    async (response) => new Uint8Array(await response.arrayBuffer()),
  );

/**
 * An explanation that is kept: one of many rows has `importances`, one of a drift has `drifted`.
 */
export const get = (
  client: Linnet,
  id: string,
  options?: CallOptions,
): Promise<AnyExplanationView> =>
  client.call({ method: "GET", path: path`/v1/explanations/${id}`, repeatable: true }, options);

type Filter = {
  model?: string | undefined;
  /** Of `model`, which is to be given with it. */
  version?: number | undefined;
  kind?: ExplanationSummary["kind"] | undefined;
  method?: ExplanationView["method"] | undefined;
  prediction_id?: string | undefined;
};
export type ExplanationQuery = PageQuery & Filter;

/** A page of your explanations, newest first. */
export const list = (
  client: Linnet,
  query?: ExplanationQuery,
  options?: CallOptions,
): Promise<Page<ExplanationSummary>> =>
  client.call(
    { method: "GET", path: "/v1/explanations", query: { ...query }, repeatable: true },
    options,
  );

export const all = (
  client: Linnet,
  query?: ExplanationQuery,
  options?: CallOptions,
): AsyncIterable<ExplanationSummary> =>
  eachItem((cursor) => list(client, { ...query, cursor }, options), query?.cursor);

export const remove = (client: Linnet, id: string, options?: CallOptions): Promise<void> =>
  client.call(
    {
      method: "DELETE",
      path: path`/v1/explanations/${id}`,
      repeatable: true,
      absentIsDone: true,
    },
    options,
  );

/** What goes: all that matches. One of `model` and `older_than_days` is needed. */
export type PruneQuery = Filter & { older_than_days?: number | undefined };

/** Deletes explanations of a model, or old ones; answers how many. */
export const prune = async (
  client: Linnet,
  query: PruneQuery,
  options?: CallOptions,
): Promise<number> => {
  const { deleted } = await client.call<{ deleted: number }>(
    { method: "DELETE", path: "/v1/explanations", query: { ...query }, repeatable: true },
    options,
  );
  return deleted;
};

/** How often explanations were there already, and what is kept; of the last 30 `days` if not told. */
export const statistics = (
  client: Linnet,
  query?: { model?: string | undefined; days?: number | undefined },
  options?: CallOptions,
): Promise<ExplanationStatistics> =>
  client.call(
    { method: "GET", path: "/v1/explanations/statistics", query: { ...query }, repeatable: true },
    options,
  );

export type PictureQuery = {
  /** One that suits the explanation where none is named. */
  plot?: string | undefined;
  /** Of a `dependence` plot: whose. */
  feature?: string | undefined;
};

/** A picture as SVG text: of a kept explanation by its id, or of one row that a request asks about. */
export const picture = (
  client: Linnet,
  of: string | ExplainRequest,
  query: PictureQuery = {},
  options?: CallOptions,
): Promise<string> => {
  const asked =
    typeof of === "string"
      ? ({ method: "GET", path: path`/v1/explanations/${of}` } as const)
      : ({ method: "POST", path: "/v1/explanations", json: of } as const);
  const headers = { accept: "image/svg+xml, application/problem+json" };
  return client.read(
    { ...asked, query, headers, repeatable: true },
    { timeoutMs: COMPUTE_TIMEOUT_MS, ...options },
    (response) => response.text(),
  );
};
