import type { CallOptions, Linnet } from "./client.ts";
import { eachItem, type PageQuery } from "./page.ts";
import { path } from "./path.ts";
import type {
  CaptureView,
  CreateModel,
  ModelView,
  Page,
  PredictRequest,
  PredictResponse,
  PutCapture,
} from "./wire.ts";

export type ModelQuery = PageQuery & {
  /** Part of the name or description. */
  search?: string | undefined;
  order?: "newest" | "oldest" | "name" | undefined;
};

/** Creates a name for versions to come. */
export const create = (
  client: Linnet,
  model: CreateModel,
  options?: CallOptions,
): Promise<ModelView> =>
  client.call({ method: "POST", path: "/v1/models", json: model, repeatable: false }, options);

export const list = (
  client: Linnet,
  query?: ModelQuery,
  options?: CallOptions,
): Promise<Page<ModelView>> =>
  client.call(
    { method: "GET", path: "/v1/models", query: { ...query }, repeatable: true },
    options,
  );

/** Every model from `query.cursor` on; `query.limit` is the size of a page. */
export const all = (
  client: Linnet,
  query?: ModelQuery,
  options?: CallOptions,
): AsyncIterable<ModelView> =>
  eachItem((cursor) => list(client, { ...query, cursor }, options), query?.cursor);

export const get = (client: Linnet, model: string, options?: CallOptions): Promise<ModelView> =>
  client.call({ method: "GET", path: path`/v1/models/${model}`, repeatable: true }, options);

/** Deletes a model with all its versions; refused while an alias or an experiment uses it. */
export const remove = (client: Linnet, model: string, options?: CallOptions): Promise<void> =>
  client.call(
    { method: "DELETE", path: path`/v1/models/${model}`, repeatable: true, absentIsDone: true },
    options,
  );

/**
 * Runs a model on `inputs`, one nested array for each input by name. Without `version` or
 * `alias`: the alias `champion`, or the latest version where there is none. With `store` each row
 * is kept; the call is then not repeated by itself, as that would keep it twice.
 */
export const predict = (
  client: Linnet,
  model: string,
  request: PredictRequest & { version?: number | undefined; alias?: string | undefined },
  options?: CallOptions,
): Promise<PredictResponse> => {
  const { inputs, store, ...query } = request;
  const json = { inputs, store };
  const repeatable = store !== true;
  return client.call(
    { method: "POST", path: path`/v1/models/${model}/predict`, query, json, repeatable },
    options,
  );
};

/** Which share of the model's predictions is kept, and what is kept now. */
export const getCapture = (
  client: Linnet,
  model: string,
  options?: CallOptions,
): Promise<CaptureView> =>
  client.call(
    { method: "GET", path: path`/v1/models/${model}/capture`, repeatable: true },
    options,
  );

/** Keeps a share of the model's predictions from now on, within a second. */
export const putCapture = (
  client: Linnet,
  model: string,
  setting: PutCapture,
  options?: CallOptions,
): Promise<CaptureView> =>
  client.call(
    { method: "PUT", path: path`/v1/models/${model}/capture`, json: setting, repeatable: true },
    options,
  );
