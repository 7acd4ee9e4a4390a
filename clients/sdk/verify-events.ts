import { chainedText } from "../../contract/chained-text.ts";
import type { CallOptions, Linnet } from "./client.ts";
import { allEvents } from "./experiment-events.ts";
import { hex } from "./hex.ts";

export type ChainBreak = {
  /** The first event that does not continue the chain. */
  sequence: number;
  /** `hash`: its contents or an earlier hash were changed; `gap`: events before it are missing; `unchained`: it has no hash although one before it has. */
  reason: "hash" | "gap" | "unchained";
};

export type ChainReport = {
  intact: boolean;
  /** Events read, up to the break. */
  events: number;
  /** Of these from before events were chained: they have no hash, and nothing vouches for them. */
  unchained: number;
  /** The last event that was found right; its hash vouches for all before it. */
  head: { sequence: number; hash: string } | null;
  broken: ChainBreak | null;
  /** Whether the hash that was noted earlier is still part of the chain; null without one. */
  anchored: boolean | null;
};

/**
 * Recomputes the hash chain of an experiment's events: SHA-256 of the canonical JSON of the hash
 * before and of the event. The chain shows a change within it; whoever can rewrite all of it can
 * also chain it anew or cut its end, which only an `anchor`, a hash noted earlier, shows. Needs
 * WebCrypto, which browsers have on HTTPS and localhost.
 */
export async function verifyEvents(
  client: Linnet,
  id: string,
  { anchor, ...options }: CallOptions & { anchor?: string | undefined } = {},
): Promise<ChainReport> {
  const report: ChainReport = {
    intact: true,
    events: 0,
    unchained: 0,
    head: null,
    broken: null,
    anchored: anchor === undefined ? null : false,
  };
  let previous: string | null = null;
  const broken = (sequence: number, reason: ChainBreak["reason"]): ChainReport => ({
    ...report,
    intact: false,
    broken: { sequence, reason },
  });
  for await (const { hash, ...event } of allEvents(client, id, { limit: 100 }, options)) {
    report.events += 1;
    const { sequence } = event;
    if (sequence !== report.events) return broken(sequence, "gap");
    if (hash === null) {
      if (report.head) return broken(sequence, "unchained");
      report.unchained += 1;
      continue;
    }
    if (hash !== (await sha256(chainedText(previous, event)))) return broken(sequence, "hash");
    report.head = { sequence, hash };
    previous = hash;
    if (hash === anchor) report.anchored = true;
  }
  return report;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return hex(new Uint8Array(digest));
}
