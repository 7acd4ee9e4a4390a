import { expect, test } from "vitest";
import { followEstimates } from "../../../../domain/explain/engine/follow-estimates.ts";
import type { Estimate, Estimates } from "../../../../domain/explain/estimate.ts";

const PREDICTION = 10;

/** Estimates whose residual is a share of the prediction, and whose widest interval is as given. */
async function* of(
  steps: readonly { residual: number; width?: number }[],
  closed?: () => void,
): Estimates {
  try {
    for (const [at, { residual, width }] of steps.entries())
      yield {
        base: 0,
        prediction: PREDICTION,
        values: Float64Array.of(PREDICTION * (1 - residual)),
        half_widths: width === undefined ? null : Float64Array.of(width),
        rows: at + 1,
      };
  } finally {
    closed?.();
  }
}

const STEPS: readonly { residual: number; width?: number }[] = [
  { residual: 0.5, width: 4 },
  { residual: 0.1, width: 3 },
  { residual: 0.05, width: 2 },
  { residual: 0.01, width: 1 },
];
/** Time goes on by ten milliseconds with each look. */
function ticking(): () => Promise<number> {
  let now = 0;
  return async () => (now += 10);
}
const follow = (limits: object, more: object = {}, steps = STEPS) =>
  followEstimates(of(steps), limits, { clock: ticking(), ...more });

test("without limits it goes on to the end", async () => {
  const { estimate, stopped } = await follow({});
  expect([estimate.rows, stopped]).toEqual([4, "complete"]);
});

test("it ends with the first estimate within a limit of the residual, a share of what is explained", async () => {
  expect(await follow({ max_residual: 0.1 })).toMatchObject({
    estimate: { rows: 2 },
    stopped: "max_residual",
  });
  expect(await follow({ max_residual: 0.001 })).toMatchObject({ stopped: "complete" });
});

test("it ends with the first estimate whose widest interval is narrow enough", async () => {
  expect(await follow({ max_half_width: 2 })).toMatchObject({
    estimate: { rows: 3 },
    stopped: "max_half_width",
  });
});

test("it is enough where every limit is kept, and not where one of two is", async () => {
  const narrow = STEPS.map(({ residual }) => ({ residual, width: 0 }));
  const both = { max_residual: 0.05, max_half_width: 1 };
  expect(await follow(both)).toMatchObject({ estimate: { rows: 4 } });
  expect(await follow(both, {}, narrow)).toMatchObject({ estimate: { rows: 3 } });
});

test("intervals that a method does not know are not narrow", async () => {
  const unknown = STEPS.map(({ residual }) => ({ residual }));
  expect(await follow({ max_half_width: 100 }, {}, unknown)).toMatchObject({ stopped: "complete" });
});

test("at the deadline it answers with what there is", async () => {
  expect(await follow({ deadline_ms: 20 })).toMatchObject({
    estimate: { rows: 2 },
    stopped: "deadline",
  });
  expect(await follow({}, { signal: { aborted: true } })).toMatchObject({
    estimate: { rows: 1 },
    stopped: "deadline",
  });
});

test("each estimate is told, the last included, and the explainer is closed where it is left", async () => {
  const seen: number[] = [];
  let isClosed = false;
  await followEstimates(
    of(STEPS, () => {
      isClosed = true;
    }),
    { max_residual: 0.1 },
    { clock: ticking(), seen: ({ rows }: Estimate) => void seen.push(rows) },
  );
  expect(seen).toEqual([1, 2]);
  expect(isClosed).toBe(true);
});

test("an explainer without an estimate is a bug", async () => {
  await expect(follow({}, {}, [])).rejects.toThrow("without an estimate");
});
