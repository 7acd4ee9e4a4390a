import { writeModel } from "../../onnx/codec/onnx-file.ts";
import { seededRandom } from "../../statistics/random.ts";
import { exportKernelExplainer } from "../export-explainer.ts";
import { ExplainFault } from "../explain-fault.ts";
import { coalitionPlan } from "../shap/coalition-plan.ts";
import { tasksOf, type Instances } from "./explain-instances.ts";
import { hiddenPlayers } from "./segment-players.ts";
import type { Subject } from "./subject.ts";

/** What runs in one batch, beside a row of its own for each: more is too much for most machines. */
const MOST_ROWS = 200_000;

/**
 * An ONNX file that explains one class as `kernel` does, against one background and for the players
 * that it has now. Throws `ExplainFault`: option_invalid where no class is said, or for too many rows.
 */
export async function explainerFile(
  subject: Subject,
  instances: Instances,
  model_sha256: string,
): Promise<Uint8Array> {
  const { request } = instances;
  const { value } = await tasksOf(subject, instances).next();
  if (!value) throw new Error("an explainer needs a row");
  const { task } = value;
  const { players, background } = hiddenPlayers(task);
  const { samples = "auto", link } = request.options;
  const plan = coalitionPlan(players.members.length, {
    samples,
    random: seededRandom(request.seed),
  });
  const rows = (2 + 2 * plan.pairs) * background.count;
  if (rows > MOST_ROWS)
    throw new ExplainFault(
      "option_invalid",
      `the explainer would run ${rows} rows at once, and ${MOST_ROWS} are the most: take fewer samples or a smaller background`,
      "samples",
    );
  const model = exportKernelExplainer(subject.model, subject.layout, task.target, {
    background,
    groups: players.members,
    plan,
    model_sha256,
    seed: request.seed,
    ...(link !== undefined && { link }),
  });
  return writeModel(model);
}
