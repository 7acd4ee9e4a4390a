import type { EventView, ExperimentView } from "@linnet/sdk";

/** What the events of an experiment say that it is now, as the API shows it. */
export type Replayed = Pick<
  ExperimentView,
  "status" | "epoch" | "start_time" | "end_time" | "winning_variant_id" | "reason"
> & {
  /** In the order of the variants; null where no event says, as they are those of the definition. */
  weights: string[] | null;
  step: number | null;
  held: string | null;
  budget: ExperimentView["budget"] | null;
  proposal: string | null;
};

export type Replay = {
  state: Replayed;
  /** Events that the ones before them do not allow, or that carry another epoch. */
  faults: { sequence: number; detail: string }[];
};

type Type = EventView["type"];
const RUNNING = ["running"];
const ACTIVE = ["running", "paused"];

/** From which status an event may happen; those that are missing change nothing. */
const FROM: Partial<Record<Type, readonly string[]>> = {
  started: ["draft"],
  paused: RUNNING,
  resumed: ["paused"],
  rolled_back: ACTIVE,
  concluded: ACTIVE,
  conclusion_undone: ["concluded"],
  reweighed: ["draft", ...ACTIVE],
  ramp_advanced: RUNNING,
  ramp_reversed: RUNNING,
  ramp_held: RUNNING,
  ramp_released: RUNNING,
  ramp_approved: RUNNING,
  rollback_proposed: RUNNING,
  rollback_dismissed: ACTIVE,
  budget_changed: ["draft", ...ACTIVE],
  spread: ACTIVE,
};
const SAME_EPOCH: ReadonlySet<Type> = new Set([
  "ramp_held",
  "ramp_released",
  "ramp_approved",
  "rollback_proposed",
  "rollback_dismissed",
  "budget_changed",
] as const);

const DRAFT: Replayed = {
  status: "draft",
  epoch: 0,
  weights: null,
  step: null,
  held: null,
  budget: null,
  proposal: null,
  start_time: null,
  end_time: null,
  winning_variant_id: null,
  reason: null,
};

/** Plays the events, the oldest first, by rules of its own that the platform's must agree with. */
export function replayEvents(events: readonly EventView[], hasRamp: boolean): Replay {
  const faults: Replay["faults"] = [];
  let state = DRAFT;
  let endedFrom: Replayed["status"] = "paused";
  for (const event of events) {
    const { type, sequence } = event;
    const from = FROM[type];
    if (from) {
      if (!from.includes(state.status))
        faults.push({ sequence, detail: `${type} while it was ${state.status}` });
      const begins = !SAME_EPOCH.has(type) && (state.status !== "draft" || type === "started");
      const before = state.status;
      state = {
        ...state,
        ...changesOf(event, state, { hasRamp, endedFrom }),
        epoch: state.epoch + (begins ? 1 : 0),
      };
      if (type === "concluded") endedFrom = before;
    }
    if (event.epoch !== state.epoch)
      faults.push({
        sequence,
        detail: `${type} is of epoch ${event.epoch}, but it was epoch ${state.epoch}`,
      });
  }
  return { state, faults };
}

function changesOf(
  { type, at, data }: EventView,
  { step }: Replayed,
  { hasRamp, endedFrom }: { hasRamp: boolean; endedFrom: Replayed["status"] },
): Partial<Replayed> {
  const moved = { weights: textsOf(data["weights"]) };
  const reason = textOf(data["reason"]);
  switch (type) {
    case "started":
      return { status: "running", start_time: at, ...(hasRamp ? { step: 0 } : {}) };
    case "paused":
      return { status: "paused", reason };
    case "resumed":
      return { status: "running", reason: null, proposal: null, held: null };
    case "rolled_back":
      return { status: "rolled_back", end_time: at, reason, proposal: null };
    case "concluded": {
      const winning_variant_id = textOf(data["winning_variant_id"]);
      const ended = { status: "concluded", end_time: at, winning_variant_id } as const;
      return { ...ended, reason: null, proposal: null };
    }
    case "conclusion_undone":
      return { status: endedFrom, end_time: null, winning_variant_id: null };
    case "reweighed":
      return moved;
    case "ramp_advanced":
    case "ramp_reversed":
      return { ...moved, step: numberOf(data["step"]) ?? step, held: null };
    case "ramp_held":
      return { held: reason };
    case "ramp_released":
      return { held: null };
    case "rollback_proposed":
      return { proposal: reason };
    case "rollback_dismissed":
      return { proposal: null };
    case "budget_changed": {
      const [max_requests, max_errors] = [data["max_requests"], data["max_errors"]].map(numberOf);
      return { budget: { max_requests: max_requests ?? null, max_errors: max_errors ?? null } };
    }
    default:
      return {};
  }
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);
const numberOf = (value: unknown): number | null => (typeof value === "number" ? value : null);
const textsOf = (value: unknown): string[] | null =>
  Array.isArray(value) ? value.map((one) => String(one)) : null;

/** What the experiment shows that its events do not say, as `name: shown, replayed`. */
export function differences(shown: ExperimentView, replayed: Replayed): string[] {
  const { ramp, proposal, variants, budget, status, epoch } = shown;
  const { start_time, end_time, winning_variant_id, reason } = shown;
  const present: Replayed = {
    status,
    epoch,
    start_time,
    end_time,
    winning_variant_id,
    reason,
    weights: replayed.weights && variants.map(({ traffic_weight }) => traffic_weight),
    step: ramp?.step ?? null,
    held: ramp?.held ?? null,
    budget: replayed.budget && budget,
    proposal: proposal?.reason ?? null,
  };
  return Object.keys(present).flatMap((name) => {
    const [found, expected] = [present, replayed].map((one) =>
      JSON.stringify(Reflect.get(one, name)),
    );
    return found === expected
      ? []
      : [`${name}: the experiment shows ${found}, its events say ${expected}`];
  });
}
