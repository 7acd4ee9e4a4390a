import type { Model, Node } from "../../onnx/model.ts";
import { operatorOf } from "../../onnx/node.ts";
import { addOutputs } from "../../onnx/rewrite/add-outputs.ts";
import type { Target } from "../score.ts";

/** What makes a probability of a logit, element for element of the output. */
const PROBABILITIES: ReadonlySet<string> = new Set(["Softmax", "LogSoftmax", "Sigmoid"]);
/** What hands numbers on as they are. */
const CARRIERS: ReadonlySet<string> = new Set(["Identity", "Cast", "Dropout"]);

/**
 * The same class before the Softmax or Sigmoid that the target comes of: the model with its logits
 * as one more output, and the target there. Null where the target comes of neither.
 */
export function logitTarget(model: Model, target: Target): { model: Model; target: Target } | null {
  const makers = new Map<string, Node>();
  for (const node of model.graph.nodes) for (const name of node.outputs) makers.set(name, node);
  let maker = makers.get(target.output);
  while (maker !== undefined && CARRIERS.has(operatorOf(maker)))
    maker = makers.get(maker.inputs[0] ?? "");
  const [logits] = maker?.inputs ?? [];
  if (maker === undefined || logits === undefined || !PROBABILITIES.has(operatorOf(maker)))
    return null;
  return { model: addOutputs(model, [logits]), target: { output: logits, index: target.index } };
}
