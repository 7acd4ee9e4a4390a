import type { Context } from "hono";
import type { ExperimentRefusal, ExperimentReport } from "../../../contract/experiment-lease.ts";
import type { Result } from "../../../domain/result.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { ownedExperiment } from "../leases/experiment-leases.ts";
import type { AppEnv } from "../http/app-env.ts";
import { experimentProblem } from "./experiment-problem.ts";

/** The experiment and its totals, from one turn of its actor. */
export async function readReport(c: Context<AppEnv>, id: string): Promise<ExperimentReport> {
  const open = await ownedExperiment(c, id);
  // The types of RPC widen a tuple to an array.
  const answer = (await callActor(open, (actor) => actor.report())) as Result<
    ExperimentReport,
    ExperimentRefusal
  >;
  if (!answer.ok) throw experimentProblem(id, answer.error);
  return answer.value;
}

/** The control's totals and those of all others. */
export function againstControl<T extends { is_control: boolean }>(reports: readonly T[]) {
  const control = reports.find(({ is_control }) => is_control);
  if (!control) throw new Error("an experiment has exactly one control");
  return { control, variants: reports.filter(({ is_control }) => !is_control) };
}
