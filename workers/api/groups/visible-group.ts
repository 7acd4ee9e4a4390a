import type { Context } from "hono";
import type { GroupMember, GroupSummary } from "../../../contract/group.ts";
import { type Directory, openDirectory } from "../../../database/directory.ts";
import {
  findGroup,
  findMember,
  type GroupMemberRow,
  type GroupRow,
} from "../../../database/groups.ts";
import { allows } from "../../../domain/keys/scopes.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { instant } from "../http/times.ts";

/** A group that the caller may read: one it owns or is a member of, or any for an administrator. */
export async function visibleGroup(c: Context<AppEnv>, asked: string) {
  const directory = openDirectory(c.env.DB);
  const row = await findGroup(directory, asked);
  if (row && (manages(c, row) || (await isMember(c, directory, row))))
    return { directory, row, managed: manages(c, row) };
  throw new ApiProblem("group_not_found", `you see no group '${asked}'`);
}

/** A group that the caller may change: its own, or any for an administrator. */
export async function managedGroup(c: Context<AppEnv>, asked: string) {
  const { managed, ...group } = await visibleGroup(c, asked);
  if (managed) return group;
  throw notOwned(group.row);
}

export const notOwned = ({ name, owner_id }: GroupRow): ApiProblem =>
  new ApiProblem("group_not_owned", `'${name}' is the group of ${owner_id}`);

const manages = (c: Context<AppEnv>, row: GroupRow): boolean => {
  const { owner_id, scopes } = c.get("admission").principal;
  return row.owner_id === owner_id || allows(scopes, "admin");
};

const isMember = async (c: Context<AppEnv>, directory: Directory, row: GroupRow) =>
  (await findMember(directory, row.id, c.get("admission").principal.owner_id)) !== undefined;

export const summariseGroup = ({ created_at, ...row }: GroupRow): GroupSummary => ({
  ...row,
  created_at: instant(created_at),
});

export const viewMember = ({ added_at, ...row }: GroupMemberRow): GroupMember => ({
  ...row,
  added_at: instant(added_at),
});
