import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Outcome,
  type OutcomeSource,
  type RecordedOutcome,
  recordOutcome,
} from "../../../domain/experiments/record-outcome.ts";

const outcome = (changes: Partial<Outcome> = {}): Outcome => ({
  request_id: "r1",
  variant_id: "var_a",
  epoch: 1,
  success: true,
  latency_ms: 12,
  metrics: {},
  revision: 0,
  covariate: null,
  ...changes,
});
const noted = (source: OutcomeSource, changes: Partial<Outcome> = {}): RecordedOutcome => ({
  ...outcome(changes),
  source,
  unserved: source === "served" && changes.success === false,
});

const complete = (known: Partial<Outcome>, reported: Partial<Outcome>) =>
  recordOutcome(noted("served", known), outcome(reported), "reported");

describe.each(["served", "reported"] as const)("a first outcome, %s", (source) => {
  it("is new, as it is", () => {
    expect(recordOutcome(undefined, outcome(), source)).toEqual({
      kind: "new",
      after: noted(source),
    });
  });

  it("changes nothing when it comes again", () => {
    expect(recordOutcome(noted(source), outcome(), source)).toEqual({ kind: "duplicate" });
  });
});

describe("a report of a request that was served", () => {
  it("completes it and says what it takes the place of", () => {
    const metrics = { conversion: 1 };
    expect(complete({}, { latency_ms: 30, metrics })).toEqual({
      kind: "completed",
      before: noted("served"),
      after: noted("reported", { latency_ms: 30, metrics }),
    });
  });

  it("keeps the epoch of the serving, which the reporter may not know", () => {
    expect(complete({ epoch: 2 }, { epoch: 5 })).toMatchObject({ after: { epoch: 2 } });
  });

  it("keeps the latency that was measured when it brings none", () => {
    expect(complete({ latency_ms: 7 }, { latency_ms: null })).toMatchObject({
      after: { latency_ms: 7 },
    });
  });

  it.each([
    { served: true, reported: true, success: true },
    { served: true, reported: false, success: false },
    { served: false, reported: true, success: false },
    { served: false, reported: false, success: false },
  ])("served $served and reported $reported makes success $success", (given) => {
    const verdict = complete({ success: given.served }, { success: given.reported });
    expect(verdict).toMatchObject({ after: { success: given.success } });
  });

  it("is rejected when it names another variant than the one that served", () => {
    expect(complete({}, { variant_id: "var_b" })).toEqual({
      kind: "rejected",
      code: "variant_mismatch",
    });
  });
});

describe("a serving that is told after the report", () => {
  it("has nothing new to say when it went well", () => {
    expect(recordOutcome(noted("reported"), outcome(), "served")).toEqual({ kind: "duplicate" });
  });

  it("makes the request a failed one when it failed, as it would have before the report", () => {
    const told = recordOutcome(noted("reported"), outcome({ success: false }), "served");
    expect(told).toMatchObject({
      kind: "completed",
      after: { success: false, source: "reported" },
    });
  });
});

describe("a correction", () => {
  const correct = (known: RecordedOutcome, changes: Partial<Outcome>) =>
    recordOutcome(known, outcome(changes), "reported");
  const first = noted("reported", { epoch: 2, covariate: 5, latency_ms: 7 });

  it("of a higher revision takes the place of the report, in the epoch of the report", () => {
    const metrics = { conversion: 1 };
    expect(correct(first, { epoch: 9, revision: 1, success: false, metrics })).toEqual({
      kind: "completed",
      before: first,
      after: { ...first, revision: 1, success: false, latency_ms: 12, metrics },
    });
  });

  it("of the same or a lower revision changes nothing", () => {
    const third = noted("reported", { revision: 3 });
    for (const revision of [0, 2, 3])
      expect(correct(third, { revision, success: false })).toEqual({ kind: "duplicate" });
  });

  it("cannot make good what could not be served", () => {
    const failed = { ...first, success: false, unserved: true };
    expect(correct(failed, { revision: 1, success: true })).toMatchObject({
      after: { success: false, unserved: true },
    });
  });

  it("cannot move a request to another variant", () => {
    expect(correct(first, { revision: 1, variant_id: "var_b" })).toEqual({
      kind: "rejected",
      code: "variant_mismatch",
    });
  });

  it("in any order ends as the highest revision says", () => {
    const revisions = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 });
    fc.assert(
      fc.property(revisions, (order) => {
        const history = order.map((revision) => ({
          source: "reported" as const,
          revision,
          latency_ms: revision * 10,
        }));
        expect(play(history).known).toMatchObject({ revision: 4, latency_ms: 40 });
      }),
    );
  });
});

const play = (history: readonly (Partial<Outcome> & { source: OutcomeSource })[]) => {
  let known: RecordedOutcome | undefined;
  let requests = 0;
  for (const { source, ...changes } of history) {
    const verdict = recordOutcome(known, outcome(changes), source);
    if (verdict.kind === "new") requests += 1;
    if (verdict.kind === "new" || verdict.kind === "completed") known = verdict.after;
  }
  return { known, requests };
};

describe("along any history of one request", () => {
  const step = fc.record({
    source: fc.constantFrom<OutcomeSource>("served", "reported"),
    success: fc.boolean(),
    latency_ms: fc.option(fc.nat(100)),
    variant_id: fc.constantFrom("var_a", "var_b"),
    revision: fc.nat(2),
  });
  it("it is one request", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1 }), (history) => {
        expect(play(history).requests).toBe(1);
      }),
    );
  });

  it("playing the history again changes nothing", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1 }), (history) => {
        const once = play(history).known;
        const mismatched = history.some(({ variant_id }) => variant_id !== once?.variant_id);
        fc.pre(!mismatched);
        expect(play([...history, ...history]).known).toEqual(once);
      }),
    );
  });

  it("it stays with the variant it was first noted for", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1 }), (history) => {
        expect(play(history).known?.variant_id).toBe(history[0]?.variant_id);
      }),
    );
  });
});
