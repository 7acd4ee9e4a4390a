import type { CallOptions, Linnet } from "./client.ts";
import { eachItem, type PageQuery } from "./page.ts";
import { path } from "./path.ts";
import type { ChangeRun, CreateRun, Page, RunSummary, RunView } from "./wire.ts";

/** Records a run with what it uses and makes; with a `run_id` of your own it may be repeated. */
export const create = (client: Linnet, json: CreateRun, options?: CallOptions): Promise<RunView> =>
  client.call(
    { method: "POST", path: "/v1/runs", json, repeatable: json.run_id !== undefined },
    options,
  );

export type RunQuery = PageQuery & {
  /** Part of the name. */
  search?: string | undefined;
  status?: RunView["status"] | undefined;
  /** Runs that used or made this: a version's id, or `mdl_…@3`. */
  node?: string | undefined;
};

/** A page of your runs, newest first. */
export const list = (
  client: Linnet,
  query?: RunQuery,
  options?: CallOptions,
): Promise<Page<RunSummary>> =>
  client.call({ method: "GET", path: "/v1/runs", query: { ...query }, repeatable: true }, options);

export const all = (
  client: Linnet,
  query?: RunQuery,
  options?: CallOptions,
): AsyncIterable<RunSummary> =>
  eachItem((cursor) => list(client, { ...query, cursor }, options), query?.cursor);

export const get = (client: Linnet, run_id: string, options?: CallOptions): Promise<RunView> =>
  client.call({ method: "GET", path: path`/v1/runs/${run_id}`, repeatable: true }, options);

/** Changes its status, and adds parameters, metrics and outputs. */
export const change = (
  client: Linnet,
  run_id: string,
  json: ChangeRun,
  options?: CallOptions,
): Promise<RunView> =>
  client.call({ method: "PATCH", path: path`/v1/runs/${run_id}`, json, repeatable: true }, options);

/** Deletes a run; refused with `run_in_use` where it has made something. */
export const remove = (client: Linnet, run_id: string, options?: CallOptions): Promise<void> =>
  client.call(
    {
      method: "DELETE",
      path: path`/v1/runs/${run_id}`,
      repeatable: true,
      absentIsDone: true,
    },
    options,
  );
