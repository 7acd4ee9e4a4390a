import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  EXPERIMENT_STATUSES,
  type ExperimentState,
  type ExperimentStatus,
} from "../../../domain/experiments/experiment.ts";
import { layOut, ownerAt, weightsOf } from "../../../domain/experiments/ledger.ts";
import {
  advance,
  draftOf,
  planReweigh,
  replay,
  type StateEvent,
  type StateEventType,
  type Transition,
} from "../../../domain/experiments/lifecycle.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { arbitraryWeights } from "./arbitrary-weights.ts";

const TRANSITIONS = ["start", "pause", "resume", "rollback", "conclude"] as const;

/** The whole life of an experiment; what is not here is refused. */
const NEXT: Record<ExperimentStatus, Partial<Record<Transition, ExperimentStatus>>> = {
  draft: { start: "running" },
  running: { pause: "paused", rollback: "rolled_back", conclude: "concluded" },
  paused: { resume: "running", rollback: "rolled_back", conclude: "concluded" },
  concluded: {},
  rolled_back: {},
};

const ROLLBACK: Definition["rollback"] = {
  rule: "always_valid",
  false_rollback_rate: 0.05,
  error_rate_threshold: 0.05,
  error_degradation_threshold: 0.1,
  latency_degradation_threshold: 0.2,
  min_requests: 100,
  guardrail_margins: {},
  compare_with: "control",
  mode: "automatic",
  cool_down_seconds: 300,
  no_data: { after_seconds: 3_600, action: "hold" },
};
type Definition = Parameters<typeof advance>[0];
const PLAIN: Definition = { ramp: null, rollback: ROLLBACK };
const step = (weight: number) => ({ weight, hold_ms: 0, minimum_outcomes: 0, approval: true });
const RAMPED: Definition = {
  ramp: { steps: [step(WHOLE / 10), step(WHOLE / 2)], on_degradation: "hold" },
  rollback: ROLLBACK,
};

const NO_BUDGET = { max_requests: null, max_errors: null };
const stateOf = (status: ExperimentStatus): ExperimentState => ({
  status,
  epoch: status === "draft" ? 0 : 4,
  ledger: layOut([WHOLE]),
  earlier: [],
  ramp: null,
  budget: NO_BUDGET,
  proposal: null,
  quiet_until: null,
  shards: null,
  started_at: status === "draft" ? null : 10,
  ended_at: null,
  updated_at: 20,
  winning_variant_id: null,
  concluded_from: null,
  reason: null,
});

/** The event that a person's transition is. */
const eventOf = (
  transition: Transition,
  at: number,
  { winner = null, reason }: { winner?: string | null; reason?: string } = {},
): StateEvent => {
  const because = reason === undefined ? {} : { reason };
  switch (transition) {
    case "start":
      return { type: "started", at, data: {} };
    case "pause":
      return { type: "paused", at, data: because };
    case "resume":
      return { type: "resumed", at, data: { outcomes: 0 } };
    case "rollback":
      return { type: "rolled_back", at, data: because };
    case "conclude":
      return { type: "concluded", at, data: { winning_variant_id: winner } };
  }
};

const pairs = EXPERIMENT_STATUSES.flatMap((status) =>
  TRANSITIONS.map((transition) => ({ status, transition, to: NEXT[status][transition] })),
);

describe.each(pairs.filter(({ to }) => to))("$transition of a $status experiment", (pair) => {
  it(`leads to ${pair.to} in the next epoch`, () => {
    const state = stateOf(pair.status);
    const next = advance(PLAIN, state, eventOf(pair.transition, 30));
    expect(next).toMatchObject({
      ok: true,
      value: { status: pair.to, epoch: state.epoch + 1, updated_at: 30 },
    });
  });
});

describe.each(pairs.filter(({ to }) => !to))("$transition of a $status experiment", (pair) => {
  it("is refused and says what is allowed", () => {
    const { status, transition } = pair;
    expect(advance(PLAIN, stateOf(status), eventOf(transition, 30))).toEqual({
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
  const won = advance(PLAIN, stateOf("running"), eventOf("conclude", 30, { winner: "var_b" }));
  expect(won).toMatchObject({ ok: true, value: { winning_variant_id: "var_b", reason: null } });
  const reason = "too slow";
  const rolled = advance(PLAIN, stateOf("paused"), eventOf("rollback", 30, { reason }));
  expect(rolled).toMatchObject({ ok: true, value: { winning_variant_id: null, reason } });
});

it("changes nothing of the state that it was given", () => {
  const state = Object.freeze(stateOf("running"));
  advance(PLAIN, state, eventOf("pause", 30));
  expect(state).toEqual(stateOf("running"));
});

const after = (
  definition: Definition,
  state: ExperimentState,
  ...events: StateEvent[]
): ExperimentState =>
  events.reduce((held, event) => {
    const next = advance(definition, held, event);
    if (!next.ok) throw new Error(`refused: ${JSON.stringify(next.error)}`);
    return next.value;
  }, state);

describe("a change of weights", () => {
  const reweighed = (state: ExperimentState, weights: number[], at = 30): StateEvent => {
    const { data } = planReweigh(state, weights);
    return { type: "reweighed", at, data: { ...data, cause: "asked" } };
  };
  const running = { ...stateOf("running"), ledger: layOut([WHOLE / 2, WHOLE / 2]) };

  it("begins an epoch, and its event says the weights and how many units moved", () => {
    const event = reweighed(running, [WHOLE / 4, (3 * WHOLE) / 4]);
    expect(event.data).toMatchObject({ weights: ["0.25", "0.75"], moved_fraction: "0.25" });
    const state = after(PLAIN, running, event);
    expect(state.epoch).toBe(5);
    expect(weightsOf(state.ledger, 2)).toEqual([WHOLE / 4, (3 * WHOLE) / 4]);
    expect(state.earlier).toEqual([running.ledger]);
  });

  it("of a draft begins none, as nobody has been assigned", () => {
    const draft = { ...running, status: "draft", epoch: 0 } as const;
    const state = after(PLAIN, draft, reweighed(draft, [WHOLE / 4, (3 * WHOLE) / 4]));
    expect(state).toMatchObject({ epoch: 0, earlier: [] });
  });

  it("taken back one by one gives every unit its variant again", () => {
    const weights = fc.array(fc.nat(WHOLE), { minLength: 1, maxLength: 6 });
    const positions = Array.from({ length: 50 }, (_, at) => Math.floor((at * WHOLE) / 50));
    fc.assert(
      fc.property(weights, (shares) => {
        let state: ExperimentState = running;
        const seen = [state];
        for (const share of shares) {
          state = after(PLAIN, state, reweighed(state, [share, WHOLE - share]));
          seen.push(state);
        }
        for (const before of seen.toReversed().slice(1)) {
          state = after(PLAIN, state, reweighed(state, weightsOf(before.ledger, 2)));
          for (const position of positions)
            expect(ownerAt(state.ledger, position)).toBe(ownerAt(before.ledger, position));
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("a ramp", () => {
  const started = after(RAMPED, stateOf("draft"), eventOf("start", 100));
  const entry = { step: 0, entered_at: 100, outcomes_at_entry: 0, approved: false, held: null };

  it("enters its first step when it starts", () => {
    expect(started).toMatchObject({ epoch: 1, ramp: entry });
    expect(after(PLAIN, stateOf("draft"), eventOf("start", 100)).ramp).toBeNull();
  });

  it("is approved, held and released within its step, without a new epoch", () => {
    const approved = after(RAMPED, started, { type: "ramp_approved", at: 110, data: {} });
    expect(approved).toMatchObject({ epoch: 1, ramp: { ...entry, approved: true } });
    const held = after(RAMPED, approved, { type: "ramp_held", at: 120, data: { reason: "why" } });
    expect(held).toMatchObject({ epoch: 1, ramp: { held: "why" }, quiet_until: 120 + 300_000 });
    const data = { outcomes: 8 };
    expect(after(RAMPED, held, { type: "ramp_released", at: 130, data })).toMatchObject({
      epoch: 1,
      ramp: { ...entry, entered_at: 130, outcomes_at_entry: 8 },
    });
  });

  it("enters a step with its time and its outcomes from zero", () => {
    const split = { ...started, ledger: layOut([(9 * WHOLE) / 10, WHOLE / 10]) };
    const { data } = planReweigh(split, [WHOLE / 2, WHOLE / 2]);
    const advanced = after(RAMPED, split, {
      type: "ramp_advanced",
      at: 200,
      data: { ...data, step: 1, outcomes: 40 },
    });
    expect(advanced).toMatchObject({
      epoch: 2,
      ramp: { step: 1, entered_at: 200, outcomes_at_entry: 40, approved: false },
    });
    expect(weightsOf(advanced.ledger, 2)).toEqual([WHOLE / 2, WHOLE / 2]);
  });

  it("begins its step anew after a pause", () => {
    const data = { outcomes: 12 };
    const resumed = after(RAMPED, started, eventOf("pause", 150), {
      type: "resumed",
      at: 160,
      data,
    });
    expect(resumed.ramp).toEqual({ ...entry, entered_at: 160, outcomes_at_entry: 12 });
  });
});

describe("a proposal", () => {
  const proposed = after(PLAIN, stateOf("running"), {
    type: "rollback_proposed",
    at: 30,
    data: { reason: "errors" },
  });

  it("changes nothing but that it is there", () => {
    expect(proposed).toEqual({
      ...stateOf("running"),
      proposal: { reason: "errors", at: 30 },
      updated_at: 30,
    });
  });

  it("that is dismissed leaves quiet for the cool-down", () => {
    const dismissed = after(PLAIN, proposed, { type: "rollback_dismissed", at: 40, data: {} });
    expect(dismissed).toMatchObject({ proposal: null, quiet_until: 40 + 300_000, epoch: 4 });
  });

  it("is gone after a rollback, a resumption and a conclusion", () => {
    const paused = after(PLAIN, proposed, eventOf("pause", 35));
    expect(paused.proposal).not.toBeNull();
    const ends = [
      after(PLAIN, proposed, eventOf("rollback", 40)),
      after(PLAIN, proposed, eventOf("conclude", 40)),
      after(PLAIN, paused, eventOf("resume", 40)),
    ];
    for (const { proposal } of ends) expect(proposal).toBeNull();
  });
});

describe("a conclusion that is undone", () => {
  it.each(["running", "paused"] as const)("leads back to %s, in a later epoch", (status) => {
    const before = stateOf(status);
    const undone = after(PLAIN, before, eventOf("conclude", 30, { winner: "var_b" }), {
      type: "conclusion_undone",
      at: 40,
      data: {},
    });
    expect(undone).toEqual({ ...before, epoch: 6, updated_at: 40 });
  });
});

describe("the rest", () => {
  it("a budget is replaced as a whole, without an epoch", () => {
    const data = { max_requests: 5, max_errors: null };
    const state = after(PLAIN, stateOf("paused"), { type: "budget_changed", at: 30, data });
    expect(state).toMatchObject({ budget: data, epoch: 4 });
  });

  it("outcomes are spread from the next epoch on", () => {
    const event = { type: "spread", at: 30, data: { shards: 8 } } as const;
    const state = after(PLAIN, stateOf("running"), event);
    expect(state).toMatchObject({ epoch: 5, shards: { count: 8, since_epoch: 5 } });
  });
});

const walk = (history: readonly Transition[]) => {
  const states = [stateOf("draft")];
  for (const [index, transition] of history.entries()) {
    const next = advance(
      PLAIN,
      states.at(-1) ?? stateOf("draft"),
      eventOf(transition, 100 + index),
    );
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
        expect(states.map(({ epoch }) => epoch)).toEqual(states.map((_, index) => index));
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

describe("a replay of the events", () => {
  const definition = (weights: readonly number[]) => ({
    ...PLAIN,
    imported: null,
    budget: NO_BUDGET,
    created_at: 7,
    variants: weights.map((weight, index) => ({
      variant_id: `var_${index}`,
      name: `m@${index}`,
      model: "m",
      model_id: "mdl_m",
      version: index + 1,
      weight,
      is_control: index === 0,
      is_baseline: false,
    })),
  });

  it("gives the state that they gave, bit by bit, also after they have been JSON", () => {
    const asked = fc.oneof(
      fc.constantFrom(...TRANSITIONS),
      arbitraryWeights.filter((weights) => weights.length === 3),
    );
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 12 }), (history) => {
        const defined = definition([WHOLE / 2, WHOLE / 4, WHOLE / 4]);
        let state = draftOf(defined);
        const events: StateEvent[] = [];
        for (const [index, next] of history.entries()) {
          const at = 100 + index;
          const event: StateEvent =
            typeof next === "string"
              ? eventOf(next, at)
              : {
                  type: "reweighed",
                  at,
                  data: { ...planReweigh(state, next).data, cause: "asked" },
                };
          const entered = advance(defined, state, event);
          if (!entered.ok) continue;
          state = entered.value;
          events.push(event);
        }
        const read = JSON.parse(JSON.stringify(events)) as StateEvent[];
        const replayed = replay(defined as unknown as Parameters<typeof replay>[0], read);
        expect(replayed).toEqual({ ok: true, value: state });
      }),
    );
  });

  it("that cannot have happened is refused", () => {
    const defined = definition([WHOLE]) as unknown as Parameters<typeof replay>[0];
    const types: StateEventType[] = ["paused", "ramp_held", "conclusion_undone"];
    for (const type of types)
      expect(replay(defined, [{ type, at: 1, data: {} } as StateEvent])).toMatchObject({
        ok: false,
      });
  });
});
