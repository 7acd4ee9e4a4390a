import * as fc from "fast-check";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { ISOLATES } from "./isolates.ts";

/** What one client or one accident does; `after_ms` is since the one before began. */
export type Operation = { after_ms: number; isolate: number } &
  /** So many requests at once, of neighbouring users. */
  (
    | { do: "route"; user: number; sticky: boolean; times: number }
    | { do: "predict"; user: number; sticky: boolean; fails: boolean; latency_ms: number }
    | {
        do: "report";
        of: number;
        success: boolean;
        latency_ms: number | null;
        score: number | null;
        covariate: number | null;
        revision: number;
        knows_epoch: boolean;
        mistakes_variant: boolean;
      }
    | { do: "change"; transition: "pause" | "resume" | "rollback" }
    | { do: "conclude"; winner: number | null; repeats: boolean }
    | { do: "undo"; repeats: boolean }
    | { do: "reweigh"; weights: number[] }
    | { do: "steer"; action: "approve" | "advance" | "reverse" | "hold" | "release" }
    | { do: "answer"; decision: "approve" | "dismiss" }
    | { do: "budget"; max_requests: number }
    | { do: "point"; version: number }
    | { do: "evict"; actor: number }
    | { do: "ring"; actor: number }
    | { do: "die" }
    /** What any of them shrinks to. */
    | { do: "nothing" }
  );
export type Kind = Operation["do"];
type Of<K extends Kind> = Omit<Extract<Operation, { do: K }>, "after_ms" | "isolate">;

export type History = {
  /** Of delays, losses and late alarms. */
  seed: number;
  /** In percent of calls. */
  loss: number;
  slow: number;
  operations: (Operation & { experiment: number })[];
};

/** Of three variants; where there are two, the second has what is left. */
const WEIGHTS = [
  [50, 30, 20],
  [90, 5, 5],
  [10, 80, 10],
  [100, 0, 0],
  [0, 50, 50],
  [50, 0, 50],
  [34, 33, 33],
].map((shares) => shares.map((share) => (share * WHOLE) / 100));

const kinds: { [K in Kind]: fc.Arbitrary<Of<K>> } = {
  route: fc.record({
    do: fc.constant("route"),
    user: fc.nat(9),
    sticky: fc.boolean(),
    times: fc.constantFrom(1, 1, 1, 4),
  }),
  predict: fc.record({
    do: fc.constant("predict"),
    user: fc.nat(9),
    sticky: fc.boolean(),
    fails: fc.boolean(),
    latency_ms: fc.integer({ min: 1, max: 400 }),
  }),
  report: fc.record({
    do: fc.constant("report"),
    of: fc.nat(30),
    success: fc.boolean(),
    latency_ms: fc.option(fc.integer({ min: 1, max: 400 })),
    score: fc.option(fc.integer({ min: -20, max: 20 })),
    covariate: fc.option(fc.integer({ min: -20, max: 20 }), { freq: 1 }),
    revision: fc.nat(2),
    knows_epoch: fc.boolean(),
    mistakes_variant: fc.integer({ min: 0, max: 11 }).map((n) => n === 11),
  }),
  change: fc.record({
    do: fc.constant("change"),
    transition: fc.constantFrom("pause", "resume", "pause", "resume", "rollback"),
  }),
  conclude: fc.record({
    do: fc.constant("conclude"),
    winner: fc.constantFrom(1, 1, 1, 0, null),
    repeats: fc.boolean(),
  }),
  undo: fc.record({ do: fc.constant("undo"), repeats: fc.boolean() }),
  reweigh: fc.record({ do: fc.constant("reweigh"), weights: fc.constantFrom(...WEIGHTS) }),
  steer: fc.record({
    do: fc.constant("steer"),
    action: fc.constantFrom("approve", "advance", "reverse", "hold", "release"),
  }),
  answer: fc.record({ do: fc.constant("answer"), decision: fc.constantFrom("approve", "dismiss") }),
  budget: fc.record({ do: fc.constant("budget"), max_requests: fc.integer({ min: 1, max: 30 }) }),
  point: fc.record({ do: fc.constant("point"), version: fc.integer({ min: 1, max: 3 }) }),
  evict: fc.record({ do: fc.constant("evict"), actor: fc.nat(9) }),
  ring: fc.record({ do: fc.constant("ring"), actor: fc.nat(9) }),
  die: fc.constant({ do: "die" }),
  nothing: fc.constant({ do: "nothing" }),
};

/** Mostly at once or soon; sometimes about as long as a lease, so that leases end in between. */
const gap = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 60 }) },
  { weight: 2, arbitrary: fc.integer({ min: 100, max: 1_500 }) },
);

/** 20 to 60 operations of these kinds, as often as their weights say. */
export function arbitraryHistory(
  weights: Partial<Record<Kind, number>>,
  experiments = 1,
): fc.Arbitrary<History> {
  const chosen = (Object.keys(weights) as Kind[]).map((kind) => ({
    weight: weights[kind] ?? 1,
    arbitrary: kinds[kind] as fc.Arbitrary<Of<Kind>>,
  }));
  const operation = fc
    .tuple(
      fc.oneof({ withCrossShrink: true }, { weight: 0, arbitrary: kinds.nothing }, ...chosen),
      gap,
      fc.nat(ISOLATES - 1),
      fc.nat(experiments - 1),
    )
    .map(
      ([done, after_ms, isolate, experiment]) =>
        ({ after_ms, isolate, experiment, ...done }) as Operation & { experiment: number },
    );
  return fc.record({
    seed: fc.nat(),
    loss: fc.constantFrom(0, 5, 15, 35),
    slow: fc.constantFrom(0, 10, 30),
    operations: fc.array(operation, { minLength: 20, maxLength: 60, size: "max" }),
  });
}
