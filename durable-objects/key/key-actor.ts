import { DurableObject } from "cloudflare:workers";
import type {
  HourUsage,
  KeyLease,
  KeyRecord,
  KeyRefusal,
  LeaseReport,
} from "../../contract/key-lease.ts";
import { refundQuota, takeQuota, WINDOW_MS } from "../../domain/keys/quota.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { upgradeSchema } from "../shared/upgrade-schema.ts";
import { KeyStore } from "./key-store.ts";
import { SCHEMA } from "./schema.ts";

const USAGE_KEPT_MS = 31 * 24 * WINDOW_MS;

/**
 * One API key: the truth of whether it is valid, how much of its quota is left and how it was
 * used. Isolates spend what it granted them; nothing else counts requests.
 */
export class KeyActor extends DurableObject<Env> {
  readonly #store: KeyStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    upgradeSchema(ctx.storage, SCHEMA);
    this.#store = new KeyStore(ctx.storage.sql);
  }

  /** Repeating it changes nothing: a key is written once. */
  create(record: KeyRecord): void {
    this.#store.insert(record);
  }

  /** Verifies the key and takes up to `want` requests from its quota, in one turn. */
  admit(
    secretHash: string,
    want: number,
    report: LeaseReport | null,
  ): Result<KeyLease, KeyRefusal> {
    const now = Date.now();
    const key = this.#store.find();
    if (!key || !sameHash(key.secret_hash, secretHash)) return fail({ code: "key_rejected" });
    if (report) this.settle(report);
    if (key.revoked_at !== null) return fail({ code: "key_revoked" });
    if (key.expires_at !== null && key.expires_at <= now) return fail({ code: "key_expired" });

    const taken = takeQuota(this.#store.quota(), { now, want, limit: key.rate_limit });
    this.#store.putQuota(taken.state);
    const { granted, limit, remaining, reset_at } = taken.grant;
    const lease_id = this.#store.insertLease(taken.state.window_start, granted);
    const until = Math.min(taken.grant.expires_at, key.expires_at ?? Number.POSITIVE_INFINITY);
    const { key_id, owner_id, environment, scopes } = key;
    const principal = { key_id, owner_id, environment, scopes };
    return ok({ lease_id, principal, granted, limit, remaining, reset_at, lease_ms: until - now });
  }

  /** Refunds by lease, once each; usage is added as reported. */
  settle(report: LeaseReport): void {
    for (const { lease_id, unused } of report.unused) {
      const lease = this.#store.takeLease(lease_id);
      if (!lease) continue;
      const refund = { window_start: lease.window_start, unused: Math.min(unused, lease.granted) };
      this.#store.putQuota(refundQuota(this.#store.quota(), refund));
    }
    if (report.requests === 0) return;
    const now = Date.now();
    const hour = now - (now % WINDOW_MS);
    this.#store.addUsage(hour, report);
    this.#store.dropUsageBefore(hour - USAGE_KEPT_MS);
  }

  revoke(): void {
    this.#store.revoke(Date.now());
  }

  /** The last `hours` hours, the current one included; hours without requests are left out. */
  usage(hours: number): HourUsage[] {
    const now = Date.now();
    return this.#store.usageSince(now - (now % WINDOW_MS) - (hours - 1) * WINDOW_MS);
  }

  ping(): "ok" {
    return "ok";
  }
}

/** Compares all characters whatever the first difference, so that time tells nothing. */
function sameHash(stored: string, given: string): boolean {
  if (stored.length !== given.length) return false;
  let difference = 0;
  for (let index = 0; index < stored.length; index++)
    difference |= stored.charCodeAt(index) ^ given.charCodeAt(index);
  return difference === 0;
}
