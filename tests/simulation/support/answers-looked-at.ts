import type {
  ChangedExperiment,
  ExperimentRefusal,
  RecordedOutcomes,
} from "../../../contract/experiment-lease.ts";
import { judge } from "../../../domain/experiments/guard.ts";
import type { Result } from "../../../domain/result.ts";
import type { ExperimentActor } from "../../../durable-objects/experiment/experiment-actor.ts";
import { recount } from "./recount.ts";
import { heardBy, type Story } from "./story.ts";

/**
 * The reply to an outcome says `running` only while no guardrail is broken by all that has been
 * counted: the decisive one is told of the rollback.
 */
export function guardsLookedAt(
  story: Story,
  index: number,
  experiment: ExperimentActor,
  { answer, isConcluding, now }: { answer: unknown; isConcluding: boolean; now: number },
): void {
  const answered = answer as Result<RecordedOutcomes, ExperimentRefusal>;
  const report = experiment.report();
  if (!answered.ok || !report.ok) return;
  const { definition, state, epochs } = report.value;
  if (state.shards) return;
  if (answered.value.status !== state.status)
    story.wrong.push(`${answered.value.status} is answered, and it is ${state.status}`);
  if (definition.rollback.min_requests > 1_000 || definition.rollback.mode !== "automatic") return;
  const isQuiet = state.quiet_until !== null && now < state.quiet_until;
  if (state.status !== "running" || isConcluding || isQuiet) return;
  const { breach } = judge(definition, recount(definition, heardBy(story, index)), epochs);
  if (breach) story.wrong.push(`running is answered although ${breach.guardrail} is broken`);
}

type Change = Result<ChangedExperiment, ExperimentRefusal>;

/**
 * What is under way may be asked for again, and an alias that was elsewhere when one tried may have
 * come back for the next.
 */
const PASSING: ReadonlySet<string> = new Set(["experiment_concluding", "alias_moved"]);

const isRefused = (answer: Change): answer is Extract<Change, { ok: false }> =>
  !answer.ok && !PASSING.has(answer.error.code);

/** Who asks for the conclusion that stands is told that it stands. */
export function repeatedConclusion(
  story: Story,
  experiment: ExperimentActor,
  winner: string | null,
  answer: Change,
): void {
  const described = experiment.describe();
  if (!isRefused(answer) || !described.ok) return;
  const { status, winning_variant_id } = described.value.state;
  if (status === "concluded" && winning_variant_id === winner)
    story.wrong.push(`a repeated conclusion is refused with ${answer.error.code}`);
}

/** Who repeats the undoing of a conclusion, before anything else has changed, is told it is undone. */
export function repeatedUndoing(
  story: Story,
  experiment: ExperimentActor,
  concluded_epoch: number,
  answer: Change,
): void {
  const described = experiment.describe();
  if (!isRefused(answer) || !described.ok) return;
  const { status, epoch } = described.value.state;
  if (status !== "concluded" && epoch === concluded_epoch + 1)
    story.wrong.push(`a repeated undoing is refused with ${answer.error.code}`);
}
