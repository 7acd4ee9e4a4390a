import type { Linnet } from "./client.ts";
import { reportOutcomes } from "./experiments.ts";
import { type FailureCode, LinnetError } from "./linnet-error.ts";
import { isPassing } from "./retry.ts";
import type { Outcome, OutcomesReport } from "./wire.ts";

/** An outcome that was not counted, and why; sending it again changes nothing. */
export type RejectedOutcome = {
  outcome: Outcome;
  code: OutcomesReport["rejected"][number]["code"] | FailureCode;
};

export type OutcomeReporterOptions = {
  /** Outcomes in one request, at most 1000; 100 by default. */
  maxBatch?: number | undefined;
  /** The longest an outcome waits for others; 1 s by default. */
  flushMs?: number | undefined;
  /** Outcomes held while the platform cannot be reached; 10 000 by default. */
  maxBuffered?: number | undefined;
  /** Each answer; its `status` tells of a rollback. */
  onReport?: ((report: OutcomesReport) => void) | undefined;
  onRejected?: ((rejected: RejectedOutcome[]) => void) | undefined;
  /** A send that failed; its outcomes are kept for the next one. */
  onError?: ((error: unknown) => void) | undefined;
};

export type OutcomeReporter = {
  /** Takes an outcome; false when the buffer is full or the reporter closed, and it is lost. */
  add(outcome: Outcome): boolean;
  /** Sends all that is held; rejects with the failure that leaves some of it unsent. */
  flush(): Promise<void>;
  /** Flushes and takes no more. */
  close(): Promise<void>;
  readonly buffered: number;
};

/** Collects outcomes and reports them in batches, one request at a time and in order. */
export function createOutcomeReporter(
  client: Linnet,
  experimentId: string,
  options: OutcomeReporterOptions = {},
): OutcomeReporter {
  const { maxBatch = 100, flushMs = 1_000, maxBuffered = 10_000 } = options;
  if (!(maxBatch >= 1 && maxBatch <= 1_000)) throw new RangeError("maxBatch is from 1 to 1000");
  const held: Outcome[] = [];
  let closed = false;
  let failing = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending: Promise<void> | undefined;

  /** Sends what is held now, and stops early at a batch of fewer than `least`. */
  async function drain(least: number): Promise<void> {
    let left = held.length;
    while (left > 0 && held.length >= least) {
      const batch = held.slice(0, maxBatch);
      left -= batch.length;
      const { reports, rejected } = await sendBatch(batch);
      held.splice(0, batch.length);
      for (const report of reports) options.onReport?.(report);
      if (rejected.length > 0) options.onRejected?.(rejected);
    }
  }

  /** Throws when the batch must be sent again. */
  async function sendBatch(
    batch: Outcome[],
  ): Promise<{ reports: OutcomesReport[]; rejected: RejectedOutcome[] }> {
    if (batch.length === 0) return { reports: [], rejected: [] };
    try {
      const report = await reportOutcomes(client, experimentId, batch);
      const byId = new Map(batch.map((outcome) => [outcome.request_id, outcome]));
      const rejected = report.rejected.flatMap(({ request_id, code }) => {
        const outcome = byId.get(request_id);
        return outcome ? [{ outcome, code }] : [];
      });
      return { reports: [report], rejected };
    } catch (error) {
      if (!(error instanceof LinnetError) || mayPass(error)) throw error;
      const { code } = error;
      const faulty = faultyIndexes(error, batch.length);
      const refused = batch.filter((_, index) => faulty.has(index));
      const { reports, rejected } = await sendBatch(batch.filter((_, index) => !faulty.has(index)));
      return { reports, rejected: [...refused.map((outcome) => ({ outcome, code })), ...rejected] };
    }
  }

  async function sendAfter(before: Promise<void> | undefined, least: number): Promise<void> {
    await before?.catch(() => undefined);
    try {
      await drain(least);
      failing = false;
    } catch (error) {
      failing = true;
      throw error;
    }
  }

  function send(least: number): Promise<void> {
    if (timer !== undefined) clearTimeout(timer);
    timer = undefined;
    const mine = sendAfter(sending, least).finally(() => {
      if (sending !== mine) return;
      sending = undefined;
      if (held.length > 0 && !closed) sendOrSchedule();
    });
    sending = mine;
    return mine;
  }

  /** A send that nobody waits for tells its failure to `onError`. */
  const sendAlone = (least: number) => {
    send(least).catch((error: unknown) => options.onError?.(error));
  };
  /** After a failure only the timer sends, so that a busy caller does not hammer the platform. */
  const sendOrSchedule = () => {
    if (held.length >= maxBatch && !sending && !failing) sendAlone(maxBatch);
    else timer ??= setTimeout(() => sendAlone(1), flushMs);
  };

  return {
    add(outcome) {
      if (closed || held.length >= maxBuffered) return false;
      held.push(outcome);
      sendOrSchedule();
      return true;
    },
    flush: () => send(1),
    close() {
      closed = true;
      return send(1);
    },
    get buffered() {
      return held.length;
    },
  };
}

/** A revoked key or a draft can be put right, so what was collected meanwhile is worth keeping. */
const mayPass = (error: LinnetError): boolean =>
  isPassing(error) ||
  error.status === 0 ||
  error.status >= 500 ||
  error.status === 401 ||
  error.status === 403 ||
  error.code === "experiment_not_started";

/** The places that the problem names; all of them when it names none. */
function faultyIndexes({ problem }: LinnetError, count: number): Set<number> {
  const named = (problem?.errors ?? []).flatMap(({ pointer }) => {
    const index = /^#\/outcomes\/(\d+)(?:\/|$)/.exec(pointer)?.[1];
    return index !== undefined && Number(index) < count ? [Number(index)] : [];
  });
  return new Set(named.length > 0 ? named : Array.from({ length: count }, (_, index) => index));
}
