import type { Context } from "hono";
import { openDirectory } from "../../../database/directory.ts";
import { findFlag, type FlagRow, listFlags } from "../../../database/flags.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { BoundedMap } from "../leases/bounded-map.ts";
import { forgetLease, rememberOwner } from "../leases/experiment-leases.ts";

/** The most flags that one answer evaluates. */
export const FLAGS_MOST = 1_000;

/** No flag key, nor the id of an experiment, is longer. */
const LONGEST_KEY = 64;

type Kept<T> = { value: T; asked_at: number };
const found = new BoundedMap<string, Kept<FlagRow | undefined>>(10_000);
const listed = new BoundedMap<string, Kept<FlagRow[]>>(1_000);
/** By owner: the last change that this isolate was told of, and when. */
const told = new BoundedMap<string, { change: string; at: number }>(10_000);

const ownerIn = (c: Context<AppEnv>): string => c.get("admission").principal.owner_id;

function inForce<T>(c: Context<AppEnv>, kept: Kept<T> | undefined): Kept<T> | undefined {
  if (!kept || Date.now() >= kept.asked_at + Number(c.env.ROUTING_LEASE_MS)) return undefined;
  return kept.asked_at < (told.get(ownerIn(c))?.at ?? 0) ? undefined : kept;
}

/** The experiment behind a flag of the caller's, at most one lease old. */
export async function flagNamed(c: Context<AppEnv>, key: string): Promise<FlagRow> {
  const owner_id = ownerIn(c);
  const name = `${owner_id}/${key}`;
  let kept = key.length > LONGEST_KEY ? undefined : inForce(c, found.get(name));
  if (!kept && key.length <= LONGEST_KEY) {
    const asked_at = Date.now();
    kept = { value: await findFlag(openDirectory(c.env.DB), owner_id, key), asked_at };
    found.set(name, kept);
  }
  if (!kept?.value)
    throw new ApiProblem("experiment_not_found", `you have no flag '${key.slice(0, 100)}'`);
  return kept.value;
}

/**
 * All flags of the caller, at most one lease old, and one more than are to be evaluated. Whoever
 * was told of a `change` does not get what this isolate took before it heard of it: neither the
 * list nor the tables of the experiments. Hearing of it again ends nothing, as all that is held
 * is newer by then.
 */
export async function flagsOf(
  c: Context<AppEnv>,
  change: string | undefined,
): Promise<readonly FlagRow[]> {
  const owner_id = ownerIn(c);
  if (change !== undefined && told.get(owner_id)?.change !== change)
    told.set(owner_id, { change, at: Date.now() });
  const kept = inForce(c, listed.get(owner_id));
  if (kept) return kept.value;
  const asked_at = Date.now();
  const value = await listFlags(openDirectory(c.env.DB), owner_id, FLAGS_MOST + 1);
  const heardAt = told.get(owner_id)?.at ?? 0;
  // In the turn in which others find the new list, so that they find no older table with it.
  if ((listed.get(owner_id)?.asked_at ?? 0) < heardAt)
    for (const { experiment_id } of value) forgetLease(experiment_id);
  // The list was the owner's, so none of them has to be looked up again.
  for (const { experiment_id } of value) rememberOwner(experiment_id, owner_id);
  listed.set(owner_id, { value, asked_at });
  return value;
}
