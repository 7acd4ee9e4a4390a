import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  allot,
  freeAt,
  type Interval,
  type LayerShares,
  release,
  setHoldout,
  sizeOf,
} from "../../../domain/experiments/layer.ts";
import { unitPosition } from "../../../domain/experiments/unit-position.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import type { Result } from "../../../domain/result.ts";

const EMPTY: LayerShares = { holdout: [], holders: [] };
const TENTH = WHOLE / 10;

/** Intervals in tenths of the layer, to be read with ease. */
const tenths = (...pairs: [number, number][]): Interval[] =>
  pairs.map(([from, to]) => [from * TENTH, to * TENTH]);

/** A layer that keeps what the rules answer, as its actor does. */
function layerOf(start: LayerShares = EMPTY) {
  let layer = start;
  const keep = (changed: LayerShares["holders"][number]) => {
    const others = layer.holders.filter((held) => held.experiment_id !== changed.experiment_id);
    layer = { ...layer, holders: [...others, changed] };
  };
  return {
    shares: () => layer,
    allot: (id: string, units: number, now = 0) => {
      const answer = allot(layer, id, units, now);
      if (answer.ok) keep(answer.value);
      return answer;
    },
    release: (id: string, free_at: number) => {
      const held = release(layer, id, free_at);
      if (held) keep(held);
    },
    hold: (units: number, now = 0) => {
      const answer = setHoldout(layer, units, now);
      if (answer.ok) layer = { ...layer, holdout: answer.value };
      return answer;
    },
  };
}

const granted = <T>(answer: Result<T, unknown>): T => {
  if (!answer.ok) throw new Error(`refused: ${JSON.stringify(answer.error)}`);
  return answer.value;
};
const intervalsOf = (layer: ReturnType<typeof layerOf>, id: string) =>
  layer.shares().holders.find(({ experiment_id }) => experiment_id === id)?.intervals;

describe("a share", () => {
  it("is one interval where a free piece holds it", () => {
    const layer = layerOf();
    expect(granted(layer.allot("exp_a", 3 * TENTH)).intervals).toEqual(tenths([7, 10]));
    expect(granted(layer.allot("exp_b", 7 * TENTH)).intervals).toEqual(tenths([0, 7]));
    expect(freeAt(layer.shares(), 0)).toEqual([]);
  });

  it("is taken from the smallest piece that holds it, so that large ones stay whole", () => {
    const layer = layerOf();
    for (const [id, share] of [
      ["exp_a", 2],
      ["exp_b", 1],
      ["exp_c", 3],
    ] as const)
      layer.allot(id, share * TENTH);
    layer.release("exp_a", 0);
    layer.release("exp_c", 0);
    expect(freeAt(layer.shares(), 0)).toEqual(tenths([0, 7], [8, 10]));
    expect(granted(layer.allot("exp_d", TENTH)).intervals).toEqual(tenths([9, 10]));
  });

  it("is several intervals only where no free piece holds it", () => {
    const layer = layerOf();
    for (const id of ["exp_a", "exp_b", "exp_c", "exp_d", "exp_e"]) layer.allot(id, 2 * TENTH);
    layer.release("exp_a", 0);
    layer.release("exp_c", 0);
    expect(granted(layer.allot("exp_f", 3 * TENTH)).intervals).toEqual(tenths([5, 6], [8, 10]));
  });

  it("is the same for an experiment that asks again", () => {
    const layer = layerOf();
    const first = granted(layer.allot("exp_a", TENTH));
    layer.allot("exp_b", TENTH);
    expect(granted(layer.allot("exp_a", TENTH))).toEqual(first);
  });

  it("cannot be another than the experiment holds, nothing, or more than the layer", () => {
    const layer = layerOf();
    layer.allot("exp_a", TENTH);
    expect(() => layer.allot("exp_a", 2 * TENTH)).toThrow(RangeError);
    for (const units of [0, -1, 0.5, WHOLE + 1, Number.NaN])
      expect(() => layer.allot("exp_b", units)).toThrow(RangeError);
  });

  it("is refused by a layer that has less free, which says how much it has", () => {
    const layer = layerOf();
    layer.hold(3 * TENTH);
    layer.allot("exp_a", 6 * TENTH);
    const error = { code: "layer_full", free: TENTH, quarantined: 0 };
    expect(layer.allot("exp_b", TENTH + 1)).toEqual({ ok: false, error });
    expect(granted(layer.allot("exp_b", TENTH)).intervals).toEqual(tenths([3, 4]));
  });
});

describe("a released share", () => {
  const FREE_AT = 1_000;
  const released = () => {
    const layer = layerOf();
    layer.allot("exp_a", WHOLE);
    layer.release("exp_a", FREE_AT);
    return layer;
  };

  it("is nobody else's before it is free", () => {
    const error = { code: "layer_full", free: 0, quarantined: WHOLE };
    expect(released().allot("exp_b", 1, FREE_AT - 1)).toEqual({ ok: false, error });
    expect(released().hold(1, FREE_AT - 1)).toEqual({ ok: false, error });
    expect(released().allot("exp_b", WHOLE, FREE_AT).ok).toBe(true);
    expect(released().hold(WHOLE, FREE_AT).ok).toBe(true);
  });

  it("is its experiment's again as it was, when that asks before it is free", () => {
    const layer = layerOf();
    const first = granted(layer.allot("exp_a", TENTH));
    layer.allot("exp_b", TENTH);
    layer.release("exp_a", FREE_AT);
    expect(granted(layer.allot("exp_a", TENTH, FREE_AT - 1))).toEqual(first);
    expect(layer.allot("exp_c", 9 * TENTH, FREE_AT).ok).toBe(false);
  });

  it("is free when its first release said, however often it is released", () => {
    const layer = released();
    layer.release("exp_a", FREE_AT - 500);
    layer.release("exp_a", FREE_AT + 500);
    expect(layer.shares().holders).toMatchObject([{ free_at: FREE_AT }]);
  });

  it("is none where nothing was held", () => {
    expect(release(EMPTY, "exp_a", FREE_AT)).toBeUndefined();
  });
});

describe("a holdout", () => {
  it("grows upwards from the low end, and shrinks to what it was", () => {
    const layer = layerOf();
    expect(granted(layer.hold(TENTH))).toEqual(tenths([0, 1]));
    layer.allot("exp_a", 5 * TENTH);
    expect(granted(layer.hold(3 * TENTH))).toEqual(tenths([0, 3]));
    expect(granted(layer.hold(TENTH))).toEqual(tenths([0, 1]));
    expect(granted(layer.hold(0))).toEqual([]);
  });

  it("grows around an experiment that stands in its way, and not into it", () => {
    const layer = layerOf();
    layer.allot("exp_a", 7 * TENTH);
    layer.allot("exp_b", 2 * TENTH);
    layer.hold(TENTH);
    layer.release("exp_a", 0);
    expect(granted(layer.hold(2 * TENTH))).toEqual(tenths([0, 1], [3, 4]));
    expect(intervalsOf(layer, "exp_b")).toEqual(tenths([1, 3]));
    expect(layer.hold(9 * TENTH)).toMatchObject({ error: { code: "layer_full", free: 6 * TENTH } });
  });

  it("gives what it loses to those who ask next", () => {
    const layer = layerOf();
    layer.hold(WHOLE);
    layer.hold(9 * TENTH);
    expect(granted(layer.allot("exp_a", TENTH)).intervals).toEqual(tenths([9, 10]));
  });

  it("cannot be less than nothing or more than the layer", () => {
    for (const units of [-1, 0.5, WHOLE + 1, Number.NaN])
      expect(() => layerOf().hold(units)).toThrow(RangeError);
  });
});

type Step =
  | { does: "allot"; id: string; units: number }
  | { does: "release"; id: string; after: number }
  | { does: "hold"; units: number }
  | { does: "wait"; ms: number };

const id = fc.constantFrom("exp_a", "exp_b", "exp_c", "exp_d");
const units = fc.oneof(
  fc.integer({ min: 1, max: 6 * TENTH }),
  fc.constantFrom(1, TENTH, 3 * TENTH, 6 * TENTH, WHOLE),
);
const ms = fc.integer({ min: 0, max: 10 });
const does = <T extends string>(what: T) => fc.constant(what);
const scripts: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ does: does("allot"), id, units }) },
    { weight: 4, arbitrary: fc.record({ does: does("release"), id, after: ms }) },
    { weight: 1, arbitrary: fc.record({ does: does("hold"), units }) },
    { weight: 1, arbitrary: fc.record({ does: does("wait"), ms }) },
  ),
  { minLength: 1, maxLength: 30 },
);

type Played = {
  step: Step;
  now: number;
  before: LayerShares;
  after: LayerShares;
  answer: Result<unknown, unknown> | undefined;
};

/** The layer before and after each step, and what was answered. */
function play(script: readonly Step[]): Played[] {
  const layer = layerOf();
  let now = 0;
  return script.map((step) => {
    const before = layer.shares();
    let answer: Played["answer"];
    if (step.does === "wait") now += step.ms;
    if (step.does === "release") layer.release(step.id, now + step.after);
    if (step.does === "hold") answer = layer.hold(step.units, now);
    if (step.does === "allot") {
      // To ask for another share than is held would be a bug.
      const bound = partOf(step.id, before, now);
      answer = layer.allot(step.id, bound ? sizeOf(bound) : step.units, now);
    }
    return { step, now, before, after: layer.shares(), answer };
  });
}

/** Checks something after every step of many scripts. */
const always = (check: (played: Played) => void) =>
  fc.assert(
    fc.property(scripts, (script) => {
      for (const played of play(script)) check(played);
    }),
    { numRuns: 1_000 },
  );

const inForce = ({ holders }: LayerShares, now: number) =>
  holders.filter(({ free_at }) => free_at === null || free_at > now);
const partOf = (id: string, layer: LayerShares, now: number) =>
  inForce(layer, now).find(({ experiment_id }) => experiment_id === id)?.intervals;
const contains = (outer: readonly Interval[], inner: readonly Interval[]) =>
  inner.every(([from, to]) => outer.some(([start, end]) => start <= from && to <= end));

describe("whatever is asked of a layer", () => {
  it("no position is ever two's, and what is taken and what is free make the whole", () => {
    always(({ after, now }) => {
      const taken = inForce(after, now).flatMap(({ intervals }) => intervals);
      const all = [...after.holdout, ...taken, ...freeAt(after, now)];
      let end = 0;
      for (const [from, to] of all.toSorted(([left], [right]) => left - right)) {
        expect(from).toBe(end);
        expect(to).toBeGreaterThan(from);
        end = to;
      }
      expect(end).toBe(WHOLE);
    });
  });

  it("a part stays where it is until it is free", () => {
    always(({ step, before, after, now }) => {
      const freed = step.does === "release" && step.after === 0 ? step.id : "";
      for (const { experiment_id, intervals } of inForce(before, now))
        if (experiment_id !== freed) expect(partOf(experiment_id, after, now)).toEqual(intervals);
    });
  });

  it("a share is exactly what was asked for, in the fewest intervals that can be", () => {
    always(({ step, before, after, now, answer }) => {
      if (step.does !== "allot" || !answer?.ok || partOf(step.id, before, now)) return;
      const part = partOf(step.id, after, now) ?? [];
      expect(sizeOf(part)).toBe(step.units);
      const largest = freeAt(before, now).map((piece) => sizeOf([piece]));
      largest.sort((left, right) => right - left);
      const fewer = largest.slice(0, part.length - 1);
      expect(fewer.reduce((sum, size) => sum + size, 0)).toBeLessThan(step.units);
    });
  });

  it("only a layer that has less free refuses, and then nothing changes", () => {
    always(({ step, before, after, now, answer }) => {
      if (!answer || answer.ok || step.does === "wait" || step.does === "release") return;
      const free = sizeOf(freeAt(before, now));
      const has = step.does === "hold" ? sizeOf(before.holdout) : 0;
      expect(answer.error).toMatchObject({ code: "layer_full", free });
      expect(has + free).toBeLessThan(step.units);
      expect(after).toEqual(before);
    });
  });

  it("of two holdouts the larger contains the smaller, and each is exactly its share", () => {
    always(({ step, before, after, answer }) => {
      const [was, is] = [before.holdout, after.holdout];
      expect(sizeOf(was) < sizeOf(is) ? contains(is, was) : contains(was, is)).toBe(true);
      const asked = step.does === "hold" && answer?.ok ? step.units : sizeOf(was);
      expect(sizeOf(is)).toBe(asked);
    });
  });
});

describe("units", () => {
  it("fall into at most one of a layer's parts, and into each by its share", () => {
    const layer = layerOf();
    const shares = [0.05, 0.4, 0.3, 0.25];
    layer.hold(0.05 * WHOLE);
    for (const [index, share] of shares.entries())
      if (index > 0) layer.allot(`exp_${index}`, share * WHOLE);
    const parts = [layer.shares().holdout, ...[1, 2, 3].map((n) => intervalsOf(layer, `exp_${n}`))];
    const seen = shares.map(() => 0);
    const count = 100_000;
    for (let unit = 0; unit < count; unit++) {
      const position = unitPosition("lyr_shares", `user-${unit}`);
      const found = parts.flatMap((part, index) =>
        part?.some(([from, to]) => from <= position && position < to) ? [index] : [],
      );
      if (found.length !== 1) throw new Error(`user-${unit} is in the parts ${found.join()}`);
      for (const index of found) seen[index] = (seen[index] ?? 0) + 1;
    }
    const statistic = shares.reduce((sum, share, index) => {
      const expected = count * share;
      return sum + ((seen[index] ?? 0) - expected) ** 2 / expected;
    }, 0);
    // With 3 degrees of freedom P(chi-square > 30.66) is 1e-6.
    expect(statistic).toBeLessThan(30.66);
  });
});
