import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OutcomeReport } from "../../../contract/experiment-lease.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { outcomeOf, outcomesOf, startExperiment } from "../support/experiment-actor.ts";
import { granted } from "../support/granted.ts";
import { oneByOne } from "../support/one-by-one.ts";
import { PlainCounts } from "../support/plain-counts.ts";

const THIRDS = [WHOLE / 2, WHOLE / 4, WHOLE / 4];

type Report = Awaited<ReturnType<Awaited<ReturnType<typeof startExperiment>>["report"]>>;

/** Sums of whole numbers are exact in the first of their two parts. */
const mean = ({ count, sum }: Report[number]["latency"]): number | null =>
  count === 0 ? null : (sum[0] ?? Number.NaN) / count;

const counted = (variants: Report) =>
  variants.map(({ counts, requests, successes, errors, latency, metrics }) => ({
    request_count: counts.requests,
    requests,
    successes,
    errors,
    latency_count: latency.count,
    latency_mean: mean(latency),
    conversions: metrics["conversion"]?.count ?? 0,
    conversion_rate: metrics["conversion"] ? mean(metrics["conversion"]) : null,
  }));

const Outcome: fc.Arbitrary<OutcomeReport> = fc.record(
  {
    request_id: fc.integer({ min: 1, max: 12 }).map((number) => `r${number}`),
    variant_id: fc.constantFrom("var_0", "var_1", "var_2", "var_unknown"),
    success: fc.boolean(),
    latency_ms: fc.option(fc.nat(500)),
    metrics: fc.constantFrom({}, { conversion: 0 }, { conversion: 1 }),
  },
  { noNullPrototype: true },
);
const Source = fc.constantFrom("served" as const, "reported" as const);

describe("an outcome", () => {
  it("served and then reported is one request, with what the report says", async () => {
    const { record, report } = await startExperiment();
    await record([outcomeOf("r", { latency_ms: 10 })], "served");
    const told = outcomeOf("r", { success: false, latency_ms: 30, metrics: { conversion: 1 } });
    expect(await record([told], "reported")).toMatchObject({ accepted: 1 });
    expect(counted(await report())[1]).toEqual({
      request_count: 1,
      requests: 1,
      successes: 0,
      errors: 1,
      latency_count: 1,
      latency_mean: 30,
      conversions: 1,
      conversion_rate: 1,
    });
  });

  it("that failed to be served stays failed, whatever the report says", async () => {
    const { record, report } = await startExperiment();
    const failed = outcomeOf("r", { success: false, latency_ms: null });
    await record([failed], "served");
    await record([outcomeOf("r")], "reported");
    expect(counted(await report())[1]).toMatchObject({ requests: 1, errors: 1, latency_mean: 10 });
  });

  it("of a variant that served is rejected for another variant", async () => {
    const { record } = await startExperiment();
    await record([outcomeOf("r")], "served");
    const other = outcomeOf("r", { variant_id: "var_0" });
    expect(await record([other], "reported")).toMatchObject({
      accepted: 0,
      rejected: [{ request_id: "r", code: "variant_mismatch" }],
    });
  });

  it("of an unknown variant is rejected, and the rest of its batch counted", async () => {
    const { record } = await startExperiment();
    const batch = [outcomeOf("a", { variant_id: "var_9" }), outcomeOf("b"), outcomeOf("b")];
    expect(await record(batch, "reported")).toEqual({
      accepted: 1,
      duplicates: 1,
      rejected: [{ request_id: "a", code: "variant_unknown" }],
      status: "running",
    });
  });

  it.each(["rollback", "conclude"] as const)(
    "that comes after the %s still counts",
    async (end) => {
      const { record, change, report } = await startExperiment();
      await record([outcomeOf("r")], "served");
      await granted(change(end));
      const late = [outcomeOf("r", { success: false }), outcomeOf("late")];
      expect(await record(late, "reported")).toMatchObject({ accepted: 2 });
      expect(counted(await report())[1]).toMatchObject({ requests: 2, errors: 1 });
    },
  );

  it("may bring a hundred names of metrics to a variant, and no more", async () => {
    const { record } = await startExperiment();
    const names = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, 1]));
    const batch = [
      outcomeOf("latency"),
      outcomeOf("hundred", { metrics: names(100) }),
      outcomeOf("another", { metrics: names(101) }),
      outcomeOf("known", { metrics: names(1) }),
    ];
    expect(await record(batch, "reported")).toMatchObject({
      accepted: 3,
      rejected: [{ request_id: "another", code: "metrics_too_many" }],
    });
  });
});

describe("delivered twice", () => {
  it("a batch counts once, before and after an eviction", async () => {
    const { record, report, evict } = await startExperiment();
    const batch = outcomesOf(20, { metrics: { conversion: 1 } });
    await record(batch, "served");
    const before = await report();
    await evict();
    expect(await record(batch, "served")).toMatchObject({
      accepted: 0,
      duplicates: 20,
    });
    expect(await report()).toEqual(before);
  });

  it("a report that completes a serving completes it once", async () => {
    const { record, report } = await startExperiment();
    await record([outcomeOf("r")], "served");
    const told = [outcomeOf("r", { latency_ms: 50, metrics: { conversion: 1 } })];
    await record(told, "reported");
    const before = await report();
    await record(told, "reported");
    await record([outcomeOf("r")], "served");
    expect(await report()).toEqual(before);
  });
});

describe("the counts are what a plain count of everything acknowledged is", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.array(Outcome, { maxLength: 6 }), Source) },
    { weight: 1, arbitrary: fc.constantFrom("pause" as const, "resume" as const) },
    { weight: 1, arbitrary: fc.constantFrom("rollback" as const, "conclude" as const) },
  );

  it("after any history of servings, reports and changes with an eviction after every call", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20, size: "max" }), async (history) => {
        const { record, change, report, evict } = await startExperiment({ weights: THIRDS });
        const plain = new PlainCounts(3);
        await oneByOne(history, async (next) => {
          if (typeof next === "string") await change(next);
          else {
            const [outcomes, source] = next;
            const { accepted, duplicates, rejected } = await record(outcomes, source);
            expect({ accepted, duplicates, rejected: rejected.length }).toEqual(
              plain.record(outcomes, source),
            );
          }
          await evict();
        });
        expect(counted(await report())).toEqual(plain.counts());
      }),
      { numRuns: 30 },
    );
  });

  it("with many concurrent writers of overlapping outcomes, who repeat what a crash cut off", async () => {
    /** What is told of a request is always the same, so that the order of writers does not show. */
    const told = (number: number) =>
      outcomeOf(`r${number}`, {
        variant_id: `var_${number % 3}`,
        success: number % 5 !== 0,
        latency_ms: number,
        metrics: number % 2 === 0 ? { conversion: number % 4 === 0 ? 1 : 0 } : {},
      });
    const batches = fc.array(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 20 }), {
      minLength: 2,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(batches, Source, async (drawn, source) => {
        const { id, report, crash, evict } = await startExperiment({ weights: THIRDS });
        const write = async (numbers: readonly number[]): Promise<unknown> => {
          try {
            const outcomes = numbers.map((number) => told(number));
            return await env.EXPERIMENT.getByName(id).record(outcomes, source);
          } catch {
            return write(numbers);
          }
        };
        const writing = drawn.map((numbers) => write(numbers));
        await crash();
        await Promise.all([...writing, ...drawn.map((numbers) => write(numbers))]);

        const plain = new PlainCounts(3);
        plain.record(
          [...new Set(drawn.flat())].map((number) => told(number)),
          source,
        );
        expect(counted(await report())).toEqual(plain.counts());
        await evict();
        expect(counted(await report())).toEqual(plain.counts());
      }),
      { numRuns: 15 },
    );
  });

  it("with 40 who report the same requests at once: one of them is told accepted for each", async () => {
    const { record, report } = await startExperiment();
    const batch = outcomesOf(25);
    const replies = await Promise.all(Array.from({ length: 40 }, () => record(batch, "reported")));
    expect(replies.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(25);
    expect(replies.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(39 * 25);
    expect(counted(await report())[1]).toMatchObject({ requests: 25 });
  });

  it("when the disk refused a batch: none of it is counted, in memory neither", async () => {
    const { experiment, record, report } = await startExperiment();
    await record(outcomesOf(3), "reported");
    const before = await report();
    const refuse = `CREATE TRIGGER refuse BEFORE INSERT ON cell_moment BEGIN SELECT RAISE(ABORT, 'disk full'); END`;
    await runInDurableObject(experiment, (_, { storage }) => void storage.sql.exec(refuse));
    const batch = outcomesOf(5);
    // Inside the actor, so that the error does not also end the test's own call.
    const error = await runInDurableObject(experiment, (actor) =>
      actor.record(batch, "reported").then(
        () => "none",
        (thrown: unknown) => String(thrown),
      ),
    );
    expect(error).toContain("disk full");
    expect(await report()).toEqual(before);
    await runInDurableObject(experiment, (_, { storage }) => {
      storage.sql.exec("DROP TRIGGER refuse");
    });
    expect(await record(batch, "reported")).toMatchObject({ accepted: 5 });
    expect(counted(await report())[1]).toMatchObject({ requests: 8, latency_count: 8 });
  });
});
