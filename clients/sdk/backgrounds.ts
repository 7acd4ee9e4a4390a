import type { CallOptions, Linnet } from "./client.ts";
import { path } from "./path.ts";
import type { BackgroundRows, BackgroundView, PutBackground } from "./wire.ts";

/** Sets of rows are large, and a summary of them takes its time. */
const PUT_TIMEOUT_MS = 120_000;

/**
 * Keeps rows that predictions of a version are compared with, in the place of the set of this
 * name. The set `default` is taken by explanations that name none.
 */
export const put = (
  client: Linnet,
  model: string,
  version: number,
  name: string,
  json: PutBackground,
  options?: CallOptions,
): Promise<BackgroundView> =>
  client.call(
    {
      method: "PUT",
      path: path`/v1/models/${model}/versions/${version}/backgrounds/${name}`,
      json,
      repeatable: true,
    },
    { timeoutMs: PUT_TIMEOUT_MS, ...options },
  );

/** The sets of a version by name, a hundred at most. */
export const list = async (
  client: Linnet,
  model: string,
  version: number,
  options?: CallOptions,
): Promise<BackgroundView[]> => {
  const { items } = await client.call<{ items: BackgroundView[] }>(
    {
      method: "GET",
      path: path`/v1/models/${model}/versions/${version}/backgrounds`,
      repeatable: true,
    },
    options,
  );
  return items;
};

/** A set with its rows and what each of them weighs. */
export const get = (
  client: Linnet,
  model: string,
  version: number,
  name: string,
  options?: CallOptions,
): Promise<BackgroundRows> =>
  client.call(
    {
      method: "GET",
      path: path`/v1/models/${model}/versions/${version}/backgrounds/${name}`,
      repeatable: true,
    },
    options,
  );

/** Deletes a set; explanations that were made with it stay. */
export const remove = (
  client: Linnet,
  model: string,
  version: number,
  name: string,
  options?: CallOptions,
): Promise<void> =>
  client.call(
    {
      method: "DELETE",
      path: path`/v1/models/${model}/versions/${version}/backgrounds/${name}`,
      repeatable: true,
      absentIsDone: true,
    },
    options,
  );
