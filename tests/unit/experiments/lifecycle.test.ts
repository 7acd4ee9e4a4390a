import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  EXPERIMENT_STATUSES,
  type ExperimentState,
  type ExperimentStatus,
} from "../../../domain/experiments/experiment.ts";
import { layOut } from "../../../domain/experiments/ledger.ts";
import { advance, type Transition } from "../../../domain/experiments/lifecycle.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";

const TRANSITIONS = ["start", "pause", "resume", "rollback", "conclude"] as const;

/** The whole life of an experiment; what is not here is refused. */
const NEXT: Record<ExperimentStatus, Partial<Record<Transition, ExperimentStatus>>> = {
  draft: { start: "running" },
  running: { pause: "paused", rollback: "rolled_back", conclude: "concluded" },
  paused: { resume: "running", rollback: "rolled_back", conclude: "concluded" },
  concluded: {},
  rolled_back: {},
};

const stateOf = (status: ExperimentStatus): ExperimentState => ({
  status,
  epoch: 4,
  ledger: layOut([WHOLE]),
  started_at: status === "draft" ? null : 10,
  ended_at: null,
  updated_at: 20,
  winning_variant_id: null,
  reason: null,
});

const pairs = EXPERIMENT_STATUSES.flatMap((status) =>
  TRANSITIONS.map((transition) => ({ status, transition, to: NEXT[status][transition] })),
);

describe.each(pairs.filter(({ to }) => to))("$transition of a $status experiment", (pair) => {
  it(`leads to ${pair.to} in the next epoch`, () => {
    const next = advance(stateOf(pair.status), pair.transition, { now: 30 });
    expect(next).toMatchObject({ ok: true, value: { status: pair.to, epoch: 5, updated_at: 30 } });
  });
});

describe.each(pairs.filter(({ to }) => !to))("$transition of a $status experiment", (pair) => {
  it("is refused and says what is allowed", () => {
    const { status, transition } = pair;
    expect(advance(stateOf(status), transition, { now: 30 })).toEqual({
      ok: false,
      error: {
        code: "experiment_transition_refused",
        transition,
        status,
        allowed: Object.keys(NEXT[status]),
      },
    });
  });
});

it("keeps the winner and the reason that it was given", () => {
  const won = advance(stateOf("running"), "conclude", { now: 30, winner: "var_b" });
  expect(won).toMatchObject({ ok: true, value: { winning_variant_id: "var_b", reason: null } });
  const rolled = advance(stateOf("paused"), "rollback", { now: 30, reason: "too slow" });
  expect(rolled).toMatchObject({
    ok: true,
    value: { winning_variant_id: null, reason: "too slow" },
  });
});

it("changes nothing of the state that it was given", () => {
  const state = Object.freeze(stateOf("running"));
  advance(state, "pause", { now: 30 });
  expect(state).toEqual(stateOf("running"));
});

const walk = (history: readonly Transition[]) => {
  const states = [stateOf("draft")];
  for (const [index, transition] of history.entries()) {
    const next = advance(states.at(-1) ?? stateOf("draft"), transition, { now: 100 + index });
    if (next.ok) states.push(next.value);
  }
  return states;
};

describe("along any history", () => {
  const histories = fc.array(fc.constantFrom(...TRANSITIONS), { maxLength: 12 });

  it("each accepted transition begins exactly one epoch", () => {
    fc.assert(
      fc.property(histories, (history) => {
        const states = walk(history);
        expect(states.map(({ epoch }) => epoch)).toEqual(states.map((_, index) => 4 + index));
      }),
    );
  });

  it("the start is noted once and kept", () => {
    fc.assert(
      fc.property(histories, (history) => {
        const starts = walk(history)
          .slice(1)
          .map(({ started_at }) => started_at);
        expect(new Set(starts).size).toBeLessThanOrEqual(1);
        expect(starts).not.toContain(null);
      }),
    );
  });

  it("an end is noted exactly for what has ended, and nothing follows it", () => {
    fc.assert(
      fc.property(histories, (history) => {
        const states = walk(history);
        for (const [index, { status, ended_at }] of states.entries()) {
          const ended = status === "concluded" || status === "rolled_back";
          expect(ended_at !== null).toBe(ended);
          if (ended) expect(index).toBe(states.length - 1);
        }
      }),
    );
  });

  it("the ledger never changes, so a unit comes back to its variant", () => {
    fc.assert(
      fc.property(histories, (history) => {
        for (const { ledger } of walk(history)) expect(ledger).toEqual(layOut([WHOLE]));
      }),
    );
  });
});
