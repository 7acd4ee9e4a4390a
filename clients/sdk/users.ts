import type { CallOptions, Linnet } from "./client.ts";
import { eachItem, type PageQuery } from "./page.ts";
import type { Page, UserView } from "./wire.ts";

/** Adds a user, who owns models, experiments and keys. */
export const create = (
  client: Linnet,
  user: { name: string },
  options?: CallOptions,
): Promise<UserView> =>
  client.call({ method: "POST", path: "/v1/users", json: user, repeatable: false }, options);

/** A page of users, oldest first. */
export const list = (
  client: Linnet,
  query?: PageQuery,
  options?: CallOptions,
): Promise<Page<UserView>> =>
  client.call({ method: "GET", path: "/v1/users", query: { ...query }, repeatable: true }, options);

export const all = (
  client: Linnet,
  query?: PageQuery,
  options?: CallOptions,
): AsyncIterable<UserView> =>
  eachItem((cursor) => list(client, { ...query, cursor }, options), query?.cursor);
