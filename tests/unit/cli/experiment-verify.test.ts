import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { differences, replayEvents } from "../../../clients/cli/replay-events.ts";
import type { EventView, ExperimentView } from "../../../clients/sdk/index.ts";
import { chainedText } from "../../../contract/chained-text.ts";
import { standIn } from "../sdk/stand-in.ts";
import { EXPERIMENT } from "./experiment-fixture.ts";
import { runCli } from "./run-cli.ts";

type Told = [type: EventView["type"], epoch: number, data?: Record<string, unknown>];
const instant = (sequence: number) =>
  new Date(Date.UTC(2026, 10, 21, 9, 30, sequence)).toISOString();

/** A chained log. */
function logOf(...told: Told[]): EventView[] {
  let previous: string | null = null;
  return told.map(([type, epoch, data = {}], index) => {
    const sequence = index + 1;
    const event = { sequence, type, at: instant(sequence), by: "key_1", epoch, data };
    previous = createHash("sha256").update(chainedText(previous, event)).digest("hex");
    return { ...event, hash: previous };
  });
}

const LOG = logOf(
  ["created", 0],
  ["started", 1],
  ["reweighed", 2, { weights: ["0.8", "0.2"], moved_fraction: "0.1" }],
  ["budget_changed", 2, { max_requests: null, max_errors: 5 }],
  ["rolled_back", 3, { reason: "too many errors" }],
);
const ENDED: ExperimentView = {
  ...EXPERIMENT,
  status: "rolled_back",
  epoch: 3,
  start_time: instant(2),
  end_time: instant(5),
  reason: "too many errors",
  budget: { max_requests: null, max_errors: 5 },
  variants: EXPERIMENT.variants.map((variant) => ({
    ...variant,
    traffic_weight: variant.is_control ? "0.8" : "0.2",
  })),
};

async function verify(log: EventView[], shown: ExperimentView, ...args: string[]) {
  const { url } = await standIn(({ path }) => ({
    json: path.endsWith("/events") ? { items: log, next_cursor: null } : shown,
  }));
  return runCli(["experiments", "verify", "exp_1", ...args], { url });
}

describe("experiments verify", () => {
  it("agrees with an honest platform", async () => {
    const ran = await verify(LOG, ENDED);
    expect(ran.stdout).toMatch(/chain +intact over 5 events/);
    expect(ran.stdout).toContain("the events make the experiment that is shown");
    expect(ran.stdout).toContain(`event 5, ${LOG[4]?.hash}`);
    expect(ran.code).toBe(0);
  });

  it("finds a changed event", async () => {
    const changed = LOG.map((event) => (event.sequence === 3 ? { ...event, by: "key_2" } : event));
    const ran = await verify(changed, ENDED);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain("broken at event 3");
  });

  it("finds a state that the events do not make", async () => {
    const ran = await verify(LOG, { ...ENDED, variants: EXPERIMENT.variants, epoch: 4 });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain("epoch: the experiment shows 4, its events say 3");
    expect(ran.stdout).toContain('weights: the experiment shows ["0.9","0.1"]');
  });

  it("finds a log that was made anew, by a hash that was noted", async () => {
    const noted = LOG[2]?.hash ?? "";
    expect((await verify(LOG, ENDED, "--anchor", noted)).code).toBe(0);
    const other = await verify(LOG, ENDED, "--anchor", "0".repeat(64), "--json");
    expect(other.code).toBe(1);
    expect(JSON.parse(other.stdout)).toMatchObject({
      verified: false,
      chain: { intact: true, anchored: false },
    });
  });
});

describe("a replay", () => {
  it("follows a ramp, a hold, an undo and a proposal", () => {
    const log = logOf(
      ["created", 0],
      ["started", 1],
      ["ramp_advanced", 2, { weights: ["0.5", "0.5"], step: 1, outcomes: 9 }],
      ["ramp_held", 2, { reason: "weekend" }],
      ["rollback_proposed", 2, { reason: "errors" }],
      ["paused", 3, { reason: "by hand" }],
      ["concluded", 4, { winning_variant_id: "var_2" }],
      ["promoted", 4],
      ["conclusion_undone", 5],
      ["demoted", 5],
    );
    const { state, faults } = replayEvents(log, true);
    expect(faults).toEqual([]);
    expect(state).toMatchObject({
      status: "paused",
      epoch: 5,
      step: 1,
      held: "weekend",
      weights: ["0.5", "0.5"],
      end_time: null,
      winning_variant_id: null,
      proposal: null,
    });
    expect(replayEvents(log.slice(0, 5), true).state.proposal).toBe("errors");
  });

  it.each([
    [
      "an event that the status does not allow",
      logOf(["created", 0], ["resumed", 1]),
      "resumed while it was draft",
    ],
    [
      "an event of another epoch",
      logOf(["created", 0], ["started", 7]),
      "started is of epoch 7, but it was epoch 1",
    ],
  ])("names %s", (_, log, detail) => {
    expect(replayEvents(log, false).faults.map((fault) => fault.detail)).toContain(detail);
  });

  it("does not judge what no event has said", () => {
    const { state } = replayEvents(logOf(["created", 0]), false);
    expect(differences(EXPERIMENT, state)).toEqual([]);
  });
});
