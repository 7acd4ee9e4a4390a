import type { Context } from "hono";
import type {
  ExperimentRefusal,
  RoutingLease,
  UnusedGrant,
} from "../../../contract/experiment-lease.ts";
import { openDirectory } from "../../../database/directory.ts";
import { findExperiment } from "../../../database/experiments.ts";
import {
  type Decision,
  decide,
  nameOf,
  type RoutingTable,
  type Unit,
} from "../../../domain/experiments/decide.ts";
import { unitPosition } from "../../../domain/experiments/unit-position.ts";
import type { Result } from "../../../domain/result.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { accepted } from "../experiments/accepted.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { BoundedMap } from "./bounded-map.ts";
import { Shared } from "./shared.ts";

/** Who owns an experiment never changes, so one look into the directory is enough for an isolate. */
const owners = new BoundedMap<string, string>(10_000);

type Held = {
  lease: RoutingLease | undefined;
  expires_at: number;
  /** Canary requests left of the budget's grant, whether there have been any, and how many wait. */
  left: number;
  pays: boolean;
  waiting: number;
  renewal: Shared<RoutingLease>;
};
const leases = new BoundedMap<string, Held>(10_000);

/** The variants of sticky units that the actor has enrolled; that never changes. */
const enrolments = new BoundedMap<string, number>(100_000);

export const rememberOwner = (id: string, ownerId: string): void => {
  owners.set(id, ownerId);
};

/** Throws unless the experiment exists and is the caller's; then its actor may be named. */
export async function ownedExperiment(c: Context<AppEnv>, id: string) {
  let owner = owners.get(id);
  if (owner === undefined) {
    const row = await findExperiment(openDirectory(c.env.DB), id);
    if (row && row.status !== "creating") {
      owner = row.owner_id;
      owners.set(id, owner);
    }
  }
  if (owner !== c.get("admission").principal.owner_id)
    throw new ApiProblem("experiment_not_found", `you have no experiment ${id}`);
  return () => c.env.EXPERIMENT.getByName(id);
}

/** A lease counts from before it was asked for: one that took longer to come is over. */
const RENEWALS = 3;

/** The experiment's table and variants, at most one lease old. */
export async function leaseRouting(c: Context<AppEnv>, id: string): Promise<RoutingLease> {
  await ownedExperiment(c, id);
  const held = heldOf(id);
  for (let asked = 0; asked <= RENEWALS; asked++) {
    if (held.lease && Date.now() < held.expires_at) return held.lease;
    if (asked < RENEWALS) await renew(c, id, held);
  }
  throw new ApiProblem(
    "unavailable",
    "the experiment answers more slowly than its table may be old",
  );
}

function heldOf(id: string): Held {
  const held = leases.get(id);
  if (held) return held;
  const begun: Held = {
    lease: undefined,
    expires_at: 0,
    left: 0,
    pays: false,
    waiting: 0,
    renewal: new Shared(),
  };
  leases.set(id, begun);
  return begun;
}

/** Asks the actor, and gives back what is left of the budget's grant. */
async function renew(c: Context<AppEnv>, id: string, held: Held): Promise<RoutingLease> {
  const open = await ownedExperiment(c, id);
  return held.renewal.run(async () => {
    const grant = held.lease?.canary_grant;
    const unused: UnusedGrant[] = grant ? [{ lease_id: grant.lease_id, unused: held.left }] : [];
    // Spent from here on would be spent twice: the grant is on its way back.
    held.left = 0;
    const wanted = Math.max(held.waiting, held.pays ? 1 : 0);
    held.pays = false;
    const asked = Date.now();
    const answer = await callActor(open, (actor) => actor.lease(unused, wanted));
    const lease = accepted(id, answer as Result<RoutingLease, ExperimentRefusal>);
    held.lease = lease;
    held.left = lease.canary_grant?.granted ?? 0;
    held.expires_at = asked + lease.lease_ms;
    return lease;
  }, c.executionCtx);
}

export type RequestUnit = Unit & { preview?: string | undefined };

/**
 * Decides one request: in process while the lease lasts, or by the actor when the experiment is
 * `strict` or a unit has to be enrolled. The variants of an experiment never change, so an old
 * lease still names them.
 */
export async function decideRequest(c: Context<AppEnv>, id: string, unit: RequestUnit) {
  const open = await ownedExperiment(c, id);
  const held = heldOf(id);
  // The actor decides by the present table; a preview has only what the lease says.
  const asks = held.lease?.consistency === "strict" && unit.preview === undefined;
  const lease = asks && held.lease ? held.lease : await leaseRouting(c, id);
  const decision =
    unit.preview === undefined
      ? await decideBy(c, id, held, lease, unit)
      : previewed(lease, unit.preview);
  const variant = lease.variants[decision.variant];
  if (!variant) throw new Error(`experiment ${id} has no variant ${decision.variant}`);
  return { ...decision, index: decision.variant, variant, lease, open };
}

async function decideBy(
  c: Context<AppEnv>,
  id: string,
  held: Held,
  lease: RoutingLease,
  unit: Unit,
): Promise<Decision> {
  const { table, consistency } = lease;
  const open = () => c.env.EXPERIMENT.getByName(id);
  // Deciding twice enrols once; a budgeted request may be paid for twice, and none is unpaid.
  const ask = async () => accepted(id, await callActor(open, (a) => a.decide(unit)));
  if (consistency === "strict") return ask();
  const sticky = unit.user_id !== undefined && unit.sticky !== false;
  let enrolled: number | null = null;
  if (table.enrols && sticky && table.status === "running") {
    const key = `${id}/${unitPosition(id, nameOf(unit))}`;
    const known = enrolments.get(key);
    if (known === undefined) {
      const decision = await ask();
      if (decision.reason === "assigned") enrolments.set(key, decision.variant);
      return decision;
    }
    enrolled = known;
  }
  const decision = accepted(id, decide(table, unit, enrolled));
  return needsPayment(table, decision) ? await pay(c, id, held, decision) : decision;
}

const needsPayment = (table: RoutingTable, { variant, reason }: Decision): boolean =>
  table.budgeted && reason === "assigned" && (table.canary[variant] ?? false);

/** Spends one request of the budget's grant; without one left, the control answers. */
async function pay(
  c: Context<AppEnv>,
  id: string,
  held: Held,
  decision: Decision,
): Promise<Decision> {
  // Asked for when it is first needed, and again when it ran out before its lease; an empty grant
  // stands until the lease ends. A renewal that others began may have asked for none.
  held.pays = true;
  held.waiting += 1;
  try {
    for (let asked = 0; asked < RENEWALS && held.left === 0; asked++) {
      if (held.lease?.canary_grant?.granted === 0) break;
      await renew(c, id, held);
    }
  } finally {
    held.waiting -= 1;
    held.pays = true;
  }
  const lasts = Date.now() < held.expires_at && held.lease?.table.epoch === decision.epoch;
  if (held.left > 0 && lasts) {
    held.left -= 1;
    return decision;
  }
  const control = held.lease?.table.control ?? 0;
  return { variant: control, epoch: decision.epoch, reason: "budget_spent" };
}

/** A forced assignment: by id or name, in any status, and never counted. */
function previewed({ table, variants }: RoutingLease, asked: string): Decision {
  const variant = variants.findIndex(({ variant_id, name }) => [variant_id, name].includes(asked));
  if (variant !== -1) return { variant, epoch: table.epoch, reason: "forced" };
  const known = variants.map(({ variant_id, name }) => `${variant_id} (${name})`).join(", ");
  const detail = `no variant '${asked}'; the experiment has ${known}`;
  throw new ApiProblem("variant_unknown", detail, { errors: [{ pointer: "#/preview", detail }] });
}

/** Forgets the table, so that this isolate sees a change that it made itself at once. */
export const forgetLease = (id: string): void => {
  const held = leases.get(id);
  if (held) held.expires_at = 0;
};
