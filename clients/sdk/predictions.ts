import type { CallOptions, Linnet } from "./client.ts";
import { eachItem, type PageQuery } from "./page.ts";
import { path } from "./path.ts";
import type { Page, PredictionSummary, PredictionView, PrunedPredictions } from "./wire.ts";

export type PredictionQuery = PageQuery & {
  version?: number | undefined;
  /** Those whose version this experiment chose. */
  experiment_id?: string | undefined;
};

/** A page of the kept predictions of a model, newest first, without their inputs and outputs. */
export const list = (
  client: Linnet,
  model: string,
  query?: PredictionQuery,
  options?: CallOptions,
): Promise<Page<PredictionSummary>> =>
  client.call(
    {
      method: "GET",
      path: path`/v1/models/${model}/predictions`,
      query: { ...query },
      repeatable: true,
    },
    options,
  );

export const all = (
  client: Linnet,
  model: string,
  query?: PredictionQuery,
  options?: CallOptions,
): AsyncIterable<PredictionSummary> =>
  eachItem((cursor) => list(client, model, { ...query, cursor }, options), query?.cursor);

/** A kept prediction with what the model was fed, and what it answered. */
export const get = (
  client: Linnet,
  model: string,
  id: string,
  options?: CallOptions,
): Promise<PredictionView> =>
  client.call(
    { method: "GET", path: path`/v1/models/${model}/predictions/${id}`, repeatable: true },
    options,
  );

export const remove = (
  client: Linnet,
  model: string,
  id: string,
  options?: CallOptions,
): Promise<void> =>
  client.call(
    {
      method: "DELETE",
      path: path`/v1/models/${model}/predictions/${id}`,
      repeatable: true,
      absentIsDone: true,
    },
    options,
  );

/** Deletes those that were made longer ago than so many days; without days, all of them. */
export const prune = (
  client: Linnet,
  model: string,
  query: { older_than_days?: number | undefined } = {},
  options?: CallOptions,
): Promise<PrunedPredictions> =>
  client.call(
    {
      method: "DELETE",
      path: path`/v1/models/${model}/predictions`,
      query,
      repeatable: true,
    },
    options,
  );
