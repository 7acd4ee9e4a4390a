import type { OutcomeReport, RecordedOutcomes } from "../../contract/experiment-lease.ts";
import type { ExperimentState, Variant } from "../../domain/experiments/experiment.ts";
import type { OutcomeSource } from "../../domain/experiments/record-outcome.ts";
import { unitPosition } from "../../domain/experiments/unit-position.ts";
import { callActor } from "../shared/call-actor.ts";

type Spread = {
  definition: { id: string; variants: readonly Variant[]; primary_metric: string };
  state: Pick<ExperimentState, "epoch" | "status">;
  shards: { count: number; since_epoch: number };
};

/** A request's shard never changes, so that whatever is sent again meets what is known of it. */
const shardOf = (requestId: string, count: number): number =>
  unitPosition("shard", requestId) % count;

/** Counts outcomes in the shards that they fall to, and answers as one actor would. */
export async function recordInShards(
  env: Env,
  { definition, state, shards }: Spread,
  outcomes: readonly OutcomeReport[],
  source: OutcomeSource,
): Promise<RecordedOutcomes> {
  const { count, since_epoch } = shards;
  const parts = new Map<number, OutcomeReport[]>();
  for (const outcome of outcomes) {
    const shard = shardOf(outcome.request_id, count);
    const part = parts.get(shard) ?? [];
    part.push(outcome);
    parts.set(shard, part);
  }
  const { id: experiment_id, primary_metric } = definition;
  const variants = definition.variants.map(({ variant_id }) => ({ variant_id }));
  const { epoch, status } = state;
  const answers = await Promise.all(
    [...parts].map(([shard, sent]): Promise<RecordedOutcomes> => {
      const home = { experiment_id, shard, variants, primary_metric };
      return callActor(
        () => env.OUTCOME_SHARD.getByName(`${experiment_id}/${shard}`),
        (actor) => actor.record(home, { outcomes: sent, source, epoch, since_epoch, status }),
      );
    }),
  );
  return {
    accepted: answers.reduce((sum, { accepted }) => sum + accepted, 0),
    duplicates: answers.reduce((sum, { duplicates }) => sum + duplicates, 0),
    rejected: answers.flatMap(({ rejected }) => rejected),
    status: answers.find((answer) => answer.status !== status)?.status ?? status,
  };
}
