import type { Context } from "hono";
import type * as z from "zod";
import type { ReweighRequest, ReweighResult } from "../../../contract/experiment.ts";
import type {
  ChangedExperiment,
  PlannedChange,
  ServedVariant,
} from "../../../contract/experiment-lease.ts";
import { readWeight, sumToOne } from "../../../domain/experiments/define.ts";
import { formatWeight } from "../../../domain/experiments/weight.ts";
import type { AppEnv } from "../http/app-env.ts";
import { instant } from "../http/times.ts";
import { ApiProblem } from "../http/problem.ts";
import { forgetLease, leaseRouting } from "../leases/experiment-leases.ts";
import { tellExperiment } from "./ask-experiment.ts";
import { viewVariants } from "./view-experiment.ts";

type Asked = z.output<typeof ReweighRequest>;

/** Moves the fewest units that give each variant its new weight, or says how many they would be. */
export async function reweighExperiment(
  c: Context<AppEnv>,
  id: string,
  asked: Asked,
): Promise<ReweighResult> {
  const { variants, table } = await leaseRouting(c, id);
  const weights = weightsByVariant(asked.weights, variants);
  const { dry_run, expected_epoch, max_moved_fraction } = asked;
  const most =
    max_moved_fraction === undefined
      ? undefined
      : unitsOf(max_moved_fraction, "#/max_moved_fraction");
  const by = c.get("admission").principal.key_id;
  type Answer = { plan: PlannedChange; changed: ChangedExperiment | null };
  const { plan, changed } = await tellExperiment<Answer>(c, id, (actor) =>
    actor.reweigh(weights, { by, dry_run, most, expected_epoch }),
  );
  if (changed) forgetLease(id);
  return {
    dry_run,
    moved_fraction: formatWeight(plan.moved),
    epoch: changed?.state.epoch ?? table.epoch,
    effective_at: changed && instant(changed.effective_at),
    variants: viewVariants({ variants }, plan.ledger),
  };
}

/** In the order of the variants, each named once, by its id or its name. */
function weightsByVariant(
  asked: Record<string, string>,
  variants: readonly ServedVariant[],
): number[] {
  const known = new Map(
    variants.flatMap(({ variant_id, name }, index) => [
      [name, index],
      [variant_id, index],
    ]),
  );
  const weights = variants.map(() => -1);
  for (const [named, weight] of Object.entries(asked)) {
    const pointer = `#/weights/${named}`;
    const index = known.get(named);
    if (index === undefined) {
      const names = variants.map(({ name }) => name).join(", ");
      throw refused("variant_unknown", pointer, `the experiment's variants are ${names}`);
    }
    if (weights[index] !== -1)
      throw refused("weights_invalid", pointer, "this variant is named twice");
    weights[index] = unitsOf(weight, pointer);
  }
  const missing = weights.indexOf(-1);
  if (missing !== -1)
    throw refused("weights_invalid", "#/weights", `${variants[missing]?.name} has no weight`);
  const whole = sumToOne(weights, "#/weights");
  if (!whole.ok) throw refused(whole.error.code, whole.error.pointer, whole.error.detail);
  return whole.value;
}

function unitsOf(text: string, pointer: string): number {
  const weight = readWeight(text, pointer);
  if (!weight.ok) throw refused(weight.error.code, pointer, weight.error.detail);
  return weight.value;
}

const refused = (
  code: ConstructorParameters<typeof ApiProblem>[0],
  pointer: string,
  detail: string,
): ApiProblem => new ApiProblem(code, detail, { errors: [{ pointer, detail }] });
