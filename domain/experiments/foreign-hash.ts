import { utf8Encode } from "../text/utf8.ts";
import { bucketStart } from "./foreign/bucket-start.ts";
import { fnv1a32 } from "./foreign/fnv1a32.ts";
import { murmur3X86Hash32 } from "./foreign/murmur3-x86-32.ts";
import { scale, unitPosition } from "./unit-position.ts";
import { WHOLE } from "./weight.ts";

/** Beyond ASCII the peers' JavaScript clients hash something else than UTF-8, which their others hash. */
export type Encoding = "javascript" | "utf-8";

/**
 * How a unit gets its position.
 *
 * - `growthbook-*`: `seed` is the experiment's seed, or else its key.
 * - `unleash`: `group_id` is the strategy's group, or else the flag's name. Units beyond `rollout`
 *   percent (a whole number, 100 if left out) have the positions from that share on; the others
 *   have those before it, by variants whose weights sum to `total_weight` (1000 if left out).
 * - `flagd`: the bucketing key is `flag_key` followed by the unit; "" for a flag that buckets by the
 *   unit alone.
 *
 * `encoding` is `javascript` if left out: that of the packages unleash-client and flagd-core.
 */
export type HashScheme =
  | { algorithm: "linnet" }
  | { algorithm: "growthbook-v1" | "growthbook-v2"; seed: string }
  | {
      algorithm: "unleash";
      group_id: string;
      rollout?: number;
      total_weight?: number;
      encoding?: Encoding;
    }
  | { algorithm: "flagd"; flag_key: string; encoding?: Encoding };

/** Into how many buckets GrowthBook hashes. */
export const GROWTHBOOK_BUCKETS = { "growthbook-v1": 1_000, "growthbook-v2": 10_000 } as const;
export const UNLEASH_TOTAL_WEIGHT = 1_000;
const UNLEASH_ROLLOUT_SEED = 0;
const UNLEASH_VARIANT_SEED = 86_028_157;

/**
 * Where a unit falls in [0, 10^12). A peer's bucket is a range of positions, in the order of the
 * buckets, and Linnet's own hash says where in it: so a ledger cut between buckets assigns as the
 * peer does, and a later one can have weights finer than a bucket.
 */
export function positionIn(scheme: HashScheme, experimentId: string, unit: string): number {
  switch (scheme.algorithm) {
    case "linnet":
      return unitPosition(experimentId, unit);
    case "growthbook-v1":
    case "growthbook-v2": {
      const count = GROWTHBOOK_BUCKETS[scheme.algorithm];
      const bucket = growthbookHash(scheme.algorithm, scheme.seed, unit) % count;
      return within(bucket, count, WHOLE, unitPosition(experimentId, unit));
    }
    case "unleash":
      return unleashPosition(scheme, unit, unitPosition(experimentId, unit));
    case "flagd": {
      const encoded = encode(scheme.flag_key + unit, scheme.encoding, codeUnits);
      const hash = murmur3X86Hash32(encoded, 0);
      const from = scale(hash, 0);
      return from + (unitPosition(experimentId, unit) % (scale(hash + 1, 0) - from));
    }
  }
}

const growthbookHash = (
  algorithm: "growthbook-v1" | "growthbook-v2",
  seed: string,
  unit: string,
): number =>
  algorithm === "growthbook-v1" ? fnv1a32(unit + seed) : fnv1a32(String(fnv1a32(seed + unit)));

function unleashPosition(
  scheme: Extract<HashScheme, { algorithm: "unleash" }>,
  unit: string,
  fine: number,
): number {
  const { group_id, rollout = 100, total_weight = UNLEASH_TOTAL_WEIGHT, encoding } = scheme;
  const encoded = encode(`${group_id}:${unit}`, encoding, lowBytes);
  if (rollout < 100) {
    const percentile = murmur3X86Hash32(encoded, UNLEASH_ROLLOUT_SEED) % 100;
    if (percentile >= rollout) return within(percentile, 100, WHOLE, fine);
  }
  const bucket = murmur3X86Hash32(encoded, UNLEASH_VARIANT_SEED) % total_weight;
  return within(bucket, total_weight, bucketStart(rollout, 100, WHOLE), fine);
}

/** A position of one bucket of `span` positions; `fine` says which. */
function within(bucket: number, count: number, span: number, fine: number): number {
  const from = bucketStart(bucket, count, span);
  return from + (fine % (bucketStart(bucket + 1, count, span) - from));
}

const encode = (
  text: string,
  encoding: Encoding = "javascript",
  inJavaScript: (text: string) => Uint8Array | Uint16Array,
): Uint8Array | Uint16Array => (encoding === "utf-8" ? utf8Encode(text) : inJavaScript(text));

const codeUnits = (text: string): Uint16Array =>
  Uint16Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
const lowBytes = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
