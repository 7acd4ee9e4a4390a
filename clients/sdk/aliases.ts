import type { CallOptions, Linnet } from "./client.ts";
import { path } from "./path.ts";
import type { AliasHistory, MoveAlias } from "./wire.ts";

/** Where an alias points and where it has pointed, newest change first. */
export const get = (
  client: Linnet,
  model: string,
  alias: string,
  options?: CallOptions,
): Promise<AliasHistory> =>
  client.call(
    { method: "GET", path: path`/v1/models/${model}/aliases/${alias}`, repeatable: true },
    options,
  );

/**
 * Points an alias at a version, which makes the alias where there is none. With
 * `expected_version` it is a compare-and-set, and then it is not retried: the second attempt
 * would find what the first one did.
 */
export const move = (
  client: Linnet,
  model: string,
  alias: string,
  to: MoveAlias,
  options?: CallOptions,
): Promise<AliasHistory> =>
  client.call(
    {
      method: "PUT",
      path: path`/v1/models/${model}/aliases/${alias}`,
      json: to,
      repeatable: to.expected_version === undefined,
    },
    options,
  );

/** Removes an alias; its history is kept. */
export const remove = (
  client: Linnet,
  model: string,
  alias: string,
  options?: CallOptions,
): Promise<void> =>
  client.call(
    {
      method: "DELETE",
      path: path`/v1/models/${model}/aliases/${alias}`,
      repeatable: true,
      absentIsDone: true,
    },
    options,
  );
