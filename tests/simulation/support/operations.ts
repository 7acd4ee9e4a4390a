import type { OutcomeReport } from "../../../contract/experiment-lease.ts";
import { ok } from "../../../domain/result.ts";
import type { Operation } from "./history.ts";
import type { ExperimentStub } from "./isolates.ts";
import type { Made } from "./story.ts";

export type Done = Operation & { experiment: number };

type Changing = Exclude<
  Done,
  {
    do:
      | "route"
      | "predict"
      | "report"
      | "evict"
      | "ring"
      | "die"
      | "point"
      | "undo"
      | "conclude"
      | "nothing";
  }
>;

/** What a person asks of the experiment's actor. */
export function changeOf(
  done: Changing,
  variants: number,
): (actor: ExperimentStub, by: string) => PromiseLike<unknown> {
  switch (done.do) {
    case "change":
      return (actor, by) => actor.change(done.transition, { by });
    case "reweigh":
      return async (actor, by) => {
        const answer = await actor.reweigh(among(variants, done.weights), { by, dry_run: false });
        return answer.ok ? ok(answer.value.changed) : answer;
      };
    case "steer":
      return (actor, by) => actor.steerRamp(done.action, { by });
    case "answer":
      return (actor, by) => actor.answerProposal(done.decision, by);
    case "budget":
      return (actor, by) =>
        actor.changeBudget({ max_requests: done.max_requests, max_errors: null }, by);
  }
}

const among = (variants: number, [first = 0, second = 0, third = 0]: number[]): number[] =>
  variants === 2 ? [first, second + third] : [first, second, third];

/** The outcome that a caller reports of a request that was decided. */
export function reported(made: Made, done: Extract<Done, { do: "report" }>): OutcomeReport {
  const { success, latency_ms, score, covariate, revision, knows_epoch, mistakes_variant } = done;
  const mistaken = made.variant === 0 ? 1 : 0;
  const variant = mistakes_variant ? mistaken : made.variant;
  return {
    request_id: made.request_id,
    variant_id: `var_${variant}`,
    success,
    latency_ms,
    metrics: score === null ? {} : { score },
    revision,
    covariate,
    ...(knows_epoch ? { epoch: made.epoch } : {}),
  };
}
