import type { CallOptions, Linnet } from "./client.ts";
import { eachItem, type PageQuery } from "./page.ts";
import { path } from "./path.ts";
import type { CreateGroup, GroupMember, GroupSummary, GroupView, Page } from "./wire.ts";

export type GroupQuery = PageQuery & {
  /** Part of the name. */
  search?: string | undefined;
};

/** Creates a group of users to share datasets with; you are its owner and first member. */
export const create = (
  client: Linnet,
  json: CreateGroup,
  options?: CallOptions,
): Promise<GroupSummary> =>
  client.call({ method: "POST", path: "/v1/groups", json, repeatable: false }, options);

/** A page of the groups that you own or are in, newest first; an administrator's are all. */
export const list = (
  client: Linnet,
  query?: GroupQuery,
  options?: CallOptions,
): Promise<Page<GroupSummary>> =>
  client.call(
    { method: "GET", path: "/v1/groups", query: { ...query }, repeatable: true },
    options,
  );

export const all = (
  client: Linnet,
  query?: GroupQuery,
  options?: CallOptions,
): AsyncIterable<GroupSummary> =>
  eachItem((cursor) => list(client, { ...query, cursor }, options), query?.cursor);

/** A group by its id or name, with its members. */
export const get = (client: Linnet, group: string, options?: CallOptions): Promise<GroupView> =>
  client.call({ method: "GET", path: path`/v1/groups/${group}`, repeatable: true }, options);

/** Deletes a group; its members lose what was shared with it. */
export const remove = (client: Linnet, group: string, options?: CallOptions): Promise<void> =>
  client.call(
    { method: "DELETE", path: path`/v1/groups/${group}`, repeatable: true, absentIsDone: true },
    options,
  );

export const addMember = (
  client: Linnet,
  group: string,
  user_id: string,
  options?: CallOptions,
): Promise<GroupMember> =>
  client.call(
    { method: "PUT", path: path`/v1/groups/${group}/members/${user_id}`, repeatable: true },
    options,
  );

/** Takes a user out of a group: yourself, or anybody if you are its owner. */
export const removeMember = (
  client: Linnet,
  group: string,
  user_id: string,
  options?: CallOptions,
): Promise<void> =>
  client.call(
    {
      method: "DELETE",
      path: path`/v1/groups/${group}/members/${user_id}`,
      repeatable: true,
      absentIsDone: true,
    },
    options,
  );
