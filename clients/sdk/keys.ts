import type { CallOptions, Linnet } from "./client.ts";
import { eachItem, type PageQuery } from "./page.ts";
import { path } from "./path.ts";
import type { CreateKey, KeyUsage, KeyView, NewKey, Page } from "./wire.ts";

export type KeyQuery = PageQuery & {
  include_revoked?: boolean | undefined;
  /** Another user's keys, for an administrator. */
  owner_id?: string | undefined;
};

/** Creates a key. `key` is the whole of it, in this answer and never again. */
export const create = (client: Linnet, key: CreateKey, options?: CallOptions): Promise<NewKey> =>
  client.call({ method: "POST", path: "/v1/keys", json: key, repeatable: false }, options);

/** A page of your keys, newest first. */
export const list = (
  client: Linnet,
  query?: KeyQuery,
  options?: CallOptions,
): Promise<Page<KeyView>> =>
  client.call({ method: "GET", path: "/v1/keys", query: { ...query }, repeatable: true }, options);

export const all = (
  client: Linnet,
  query?: KeyQuery,
  options?: CallOptions,
): AsyncIterable<KeyView> =>
  eachItem((cursor) => list(client, { ...query, cursor }, options), query?.cursor);

/** Revokes a key for good, everywhere within a second. */
export const revoke = (client: Linnet, id: string, options?: CallOptions): Promise<KeyView> =>
  client.call({ method: "DELETE", path: path`/v1/keys/${id}`, repeatable: true }, options);

/** How a key was used in the last hours; 24 by default, 720 at most. */
export const usage = (
  client: Linnet,
  id: string,
  query?: { hours?: number | undefined },
  options?: CallOptions,
): Promise<KeyUsage> =>
  client.call(
    { method: "GET", path: path`/v1/keys/${id}/usage`, query: { ...query }, repeatable: true },
    options,
  );
