import type { Context } from "hono";
import type {
  AssignmentView,
  ExplainedAssignment,
} from "../../../contract/experiment-assignment.ts";
import type { ExplainedUnit } from "../../../contract/experiment-lease.ts";
import type { Attributes } from "../../../domain/experiments/condition.ts";
import { positionIn } from "../../../domain/experiments/foreign-hash.ts";
import { intervalAt, weightsOf } from "../../../domain/experiments/ledger.ts";
import { formatWeight } from "../../../domain/experiments/weight.ts";
import type { AppEnv } from "../http/app-env.ts";
import { askExperiment } from "./ask-experiment.ts";

/** What the experiment's actor would decide for a unit. It enrols nobody. */
export const explainUnit = (
  c: Context<AppEnv>,
  id: string,
  { unit, attributes }: { unit: string; attributes?: Attributes | undefined },
): Promise<ExplainedUnit> =>
  askExperiment<ExplainedUnit>(c, id, (actor) =>
    actor.explain({ request_id: unit, user_id: unit, attributes }),
  );

export function viewAssignment({ decision, variants }: ExplainedUnit): AssignmentView {
  const variant = variants[decision.variant];
  if (!variant) throw new RangeError(`no variant ${decision.variant}`);
  const { variant_id, name, model, version } = variant;
  const { epoch, reason } = decision;
  return { variant_id, name, model, version, epoch, reason };
}

export function viewExplanation(explained: ExplainedUnit, unit: string): ExplainedAssignment {
  const { table, variants, enrolled } = explained;
  const position = positionIn(table.hash, table.experiment_id, unit);
  const { from, to, owner } = intervalAt(table.ledger, position);
  const idOf = (index: number): string => variants[index]?.variant_id ?? "";
  const weights = weightsOf(table.ledger, variants.length);
  return {
    ...viewAssignment(explained),
    unit,
    hash: table.hash,
    position: formatWeight(position),
    interval: { from: formatWeight(from), to: formatWeight(to), owner: idOf(owner) },
    weights: Object.fromEntries(weights.map((units, at) => [idOf(at), formatWeight(units)])),
    enrolled_in: enrolled === null ? null : idOf(enrolled),
  };
}
