import { type CallOptions, COMPUTE_TIMEOUT_MS, type Linnet } from "./client.ts";
import { eachItem, type PageQuery } from "./page.ts";
import { path } from "./path.ts";
import { pause } from "./retry.ts";
import type {
  CreateTransformation,
  Page,
  ReplayTransformations,
  Reproducibility,
  TransformationStateView,
  TransformationSummary,
} from "./wire.ts";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
/** A transformation outlives a platform's restart, and so does who waits for it: about half a minute. */
const DEFAULT_RETRIES = 8;

/** Makes versions of others; still `running` after some 20 seconds, or at once with `wait: false`. */
export const create = (
  client: Linnet,
  dataset: string,
  json: CreateTransformation,
  options?: CallOptions,
): Promise<TransformationStateView> =>
  client.call(
    {
      method: "POST",
      path: path`/v1/datasets/${dataset}/transformations`,
      json,
      repeatable: false,
    },
    { timeoutMs: COMPUTE_TIMEOUT_MS, ...options },
  );

export const get = (
  client: Linnet,
  id: string,
  options?: CallOptions,
): Promise<TransformationStateView> =>
  client.call({ method: "GET", path: path`/v1/transformations/${id}`, repeatable: true }, options);

export type TransformationQuery = PageQuery & {
  status?: TransformationStateView["status"] | undefined;
  /** What was made for this dataset. */
  dataset?: string | undefined;
};

/** A page of your transformations, newest first. */
export const list = (
  client: Linnet,
  query?: TransformationQuery,
  options?: CallOptions,
): Promise<Page<TransformationSummary>> =>
  client.call(
    { method: "GET", path: "/v1/transformations", query: { ...query }, repeatable: true },
    options,
  );

export const all = (
  client: Linnet,
  query?: TransformationQuery,
  options?: CallOptions,
): AsyncIterable<TransformationSummary> =>
  eachItem((cursor) => list(client, { ...query, cursor }, options), query?.cursor);

/** Ends it before it has made a version. */
export const cancel = (
  client: Linnet,
  id: string,
  options?: CallOptions,
): Promise<TransformationStateView> =>
  client.call(
    { method: "POST", path: path`/v1/transformations/${id}/cancel`, repeatable: false },
    options,
  );

/** Does to other data what was done to make a version. */
export const replay = (
  client: Linnet,
  dataset: string,
  json: ReplayTransformations,
  options?: CallOptions,
): Promise<{ transformations: TransformationStateView[] }> =>
  client.call(
    { method: "POST", path: path`/v1/datasets/${dataset}/replay`, json, repeatable: false },
    { timeoutMs: COMPUTE_TIMEOUT_MS, ...options },
  );

/** Whether a version can be made again, byte for byte. */
export const validate = (
  client: Linnet,
  dataset: string,
  version: string | number,
  json: { rederive?: boolean | undefined; wait?: boolean | undefined } = {},
  options?: CallOptions,
): Promise<Reproducibility> =>
  client.call(
    {
      method: "POST",
      path: path`/v1/datasets/${dataset}/versions/${version}/validate`,
      json,
      // Nothing is kept of what it makes.
      repeatable: true,
    },
    { timeoutMs: COMPUTE_TIMEOUT_MS, ...options },
  );

export type TransformationWaitOptions = CallOptions & {
  /** Each state that was read, the last included. */
  onProgress?: ((state: TransformationStateView) => void) | undefined;
};

/** The transformation when it has ended, well or not: `status` says which. */
export async function wait(
  client: Linnet,
  begun: TransformationStateView,
  { onProgress, ...options }: TransformationWaitOptions = {},
): Promise<TransformationStateView> {
  const signal = options.signal ?? new AbortController().signal;
  let state = begun;
  for (let delay = FIRST_WAIT_MS; ; delay = Math.min(LONGEST_WAIT_MS, delay * 1.5)) {
    onProgress?.(state);
    if (state.ended_at !== null) return state;
    await pause(delay, signal);
    const id = state.transformation_id;
    state = await get(client, id, { retries: DEFAULT_RETRIES, ...options });
  }
}
