import type { Context } from "hono";
import type { OutcomeReport } from "../../../contract/experiment-lease.ts";
import type { Consistency } from "../../../domain/experiments/experiment.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";

const BATCH = 500;
const DELAY_MS = 250;

type Served = OutcomeReport & { epoch: number };
type ExperimentStub = ReturnType<Env["EXPERIMENT"]["getByName"]>;

const waiting = new Map<string, Served[]>();

/**
 * Tells the experiment's actor that a request was served: before the answer when the experiment
 * is strict, else in a batch within a quarter of a second. A batch that an isolate loses with
 * its life is latency not seen, never an outcome that a caller has reported.
 */
export async function noteServed(
  c: Context<AppEnv>,
  id: string,
  { consistency, open }: { consistency: Consistency; open: () => ExperimentStub },
  outcome: Served,
): Promise<void> {
  if (consistency === "strict") {
    await send(open, [outcome]);
    return;
  }
  const batch = waiting.get(id);
  if (batch && batch.length < BATCH) {
    batch.push(outcome);
    return;
  }
  const begun = [outcome];
  waiting.set(id, begun);
  c.executionCtx.waitUntil(sendLater(id, begun, open));
}

async function sendLater(id: string, batch: Served[], open: () => ExperimentStub): Promise<void> {
  await scheduler.wait(DELAY_MS);
  if (waiting.get(id) === batch) waiting.delete(id);
  try {
    await send(open, batch);
  } catch (error) {
    console.error(
      JSON.stringify({
        event: "served_outcomes_lost",
        id,
        count: batch.length,
        error: String(error),
      }),
    );
  }
}

/** Sending twice is harmless: the actor counts a request once. */
const send = (open: () => ExperimentStub, batch: Served[]) =>
  callActor(open, (actor) => actor.record(batch, "served"));
