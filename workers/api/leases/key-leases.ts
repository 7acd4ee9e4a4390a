import type { KeyLease, KeyRefusal, LeaseReport, Principal } from "../../../contract/key-lease.ts";
import { parseApiKey } from "../../../domain/keys/api-key.ts";
import type { Result } from "../../../domain/result.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { checksumMatches, hashKey } from "../keys/key-checksum.ts";
import { ApiProblem } from "../http/problem.ts";
import { BoundedMap } from "./bounded-map.ts";
import { type Background, Shared } from "./shared.ts";

const FIRST_WANT = 8;
const LARGEST_WANT = 4_096;
const KEYS_HELD = 10_000;

export type Admission = {
  principal: Principal;
  /** False when the quota is used up. */
  admitted: boolean;
  quota: { limit: number; remaining: number; reset_at: number };
  /** Counts the finished request towards the key's usage. */
  finish: (succeeded: boolean, ms: number) => void;
};

type Held = KeyLease & { left: number; expires_at: number };

const noReport = (): LeaseReport => ({ unused: [], requests: 0, errors: 0, total_ms: 0 });

/** What this isolate holds of one key: a lease of pre-paid requests and the usage not yet told. */
class HeldKey {
  readonly renewal = new Shared<void>();
  readonly keyId: string;
  readonly #hash: string;
  #lease: Held | undefined;
  #want = FIRST_WANT;
  #report = noReport();

  constructor(keyId: string, hash: string) {
    this.keyId = keyId;
    this.#hash = hash;
  }

  /** Spends one request of the lease; undefined when the lease must be renewed first. */
  spend(): Admission | undefined {
    const lease = this.#lease;
    if (!lease || Date.now() >= lease.expires_at) return undefined;
    if (lease.left === 0 && lease.granted > 0) return undefined;
    const admitted = lease.left > 0;
    if (admitted) lease.left -= 1;
    const { principal, limit, remaining, reset_at } = lease;
    const quota = { limit, remaining: remaining + lease.left, reset_at };
    return { principal, admitted, quota, finish: (succeeded, ms) => this.#count(succeeded, ms) };
  }

  /** One hop to the key's actor: verifies, settles what went before, takes the next requests. */
  async renew(env: Env, ctx: Background): Promise<void> {
    this.#retire();
    const report = this.#takeReport();
    const asked = Date.now();
    const answer: Result<KeyLease, KeyRefusal> = await callActor(this.#open(env), (actor) =>
      actor.admit(this.#hash, this.#want, report),
    );
    if (!answer.ok) throw new ApiProblem(answer.error.code);
    const lease = answer.value;
    // Counted from before the call, so that the lease ends here before it ends at the actor.
    this.#lease = { ...lease, left: lease.granted, expires_at: asked + lease.lease_ms };
    ctx.waitUntil(this.#settleAfter(lease.lease_ms, env));
  }

  /** Tells the actor what is left to tell once the lease is over and nothing else has. */
  async #settleAfter(ms: number, env: Env): Promise<void> {
    await scheduler.wait(ms);
    if (this.#lease && Date.now() >= this.#lease.expires_at) this.#retire();
    const report = this.#takeReport();
    if (report.requests === 0 && report.unused.length === 0) return;
    await callActor(this.#open(env), (actor) => actor.settle(report));
  }

  /** A refund is idempotent by its lease; a report repeated after a lost reply counts usage twice. */
  #open(env: Env) {
    return () => env.KEY.getByName(this.keyId);
  }

  #retire(): void {
    const lease = this.#lease;
    if (!lease) return;
    const used = lease.granted - lease.left;
    this.#want = Math.max(FIRST_WANT, Math.min(LARGEST_WANT, used * 2));
    this.#report.unused.push({ lease_id: lease.lease_id, unused: lease.left });
    this.#lease = undefined;
  }

  #takeReport(): LeaseReport {
    const report = this.#report;
    this.#report = noReport();
    return report;
  }

  #count(succeeded: boolean, ms: number): void {
    this.#report.requests += 1;
    if (!succeeded) this.#report.errors += 1;
    this.#report.total_ms += ms;
  }
}

const held = new BoundedMap<string, HeldKey>(KEYS_HELD);

/** Verifies a key and takes one request from its quota, mostly without leaving the isolate. */
export async function admit(key: string, env: Env, ctx: Background): Promise<Admission> {
  const entry = held.get(key) ?? (await open(key, env));
  for (;;) {
    const admission = entry.spend();
    if (admission) return admission;
    await entry.renewal.run(() => entry.renew(env, ctx), ctx);
  }
}

async function open(key: string, env: Env): Promise<HeldKey> {
  const parsed = parseApiKey(key);
  if (!parsed || !(await checksumMatches(parsed, env.KEY_CHECKSUM_SECRET)))
    throw new ApiProblem("key_malformed", "the key is mistyped, cut off or not of this platform");
  const entry = held.get(key) ?? new HeldKey(parsed.key_id, await hashKey(key));
  held.set(key, entry);
  return entry;
}

/** Makes this isolate ask the key's actor again before it spends another request. */
export function forgetKey(keyId: string): void {
  for (const [key, entry] of held) if (entry.keyId === keyId) held.delete(key);
}
