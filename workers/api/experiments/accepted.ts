import type { ExperimentRefusal } from "../../../contract/experiment-lease.ts";
import type { Result } from "../../../domain/result.ts";
import { experimentProblem } from "./experiment-problem.ts";

/** What the experiment's actor answered; a refusal is thrown as its problem. */
export function accepted<T>(id: string, answer: Result<T, ExperimentRefusal>): T {
  if (!answer.ok) throw experimentProblem(id, answer.error);
  return answer.value;
}
