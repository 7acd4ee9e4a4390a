import type { Tensor } from "../../tensors/tensor.ts";
import type { OpenModel } from "../runtime.ts";
import type { Loss } from "./loss.ts";
import { batchesOf, range, rowsOf, takeSamples, type Samples } from "./samples.ts";

/** Accuracy is the share of right classes, for losses that have classes. */
export type Evaluation = { loss: number; accuracy?: number };

const ROWS_AT_ONCE = 256;

/** The mean loss and the accuracy of an opened `evaluationGraph` with the given weights. */
export async function evaluate(
  session: OpenModel,
  samples: Samples,
  loss: Loss,
  weights: Readonly<Record<string, Tensor>>,
): Promise<Evaluation> {
  const rows = rowsOf(samples, "samples");
  let sum = 0;
  let right = 0;
  for (const batch of batchesOf(range(0, rows), ROWS_AT_ONCE)) {
    const { inputs, targets } = takeSamples(samples, batch);
    const outputs = await session.run({ ...inputs, targets, ...weights });
    sum += Number(outputs["loss"]?.data[0]) * batch.length;
    const { logits } = outputs;
    if (logits) right += countRight(loss, logits, targets);
  }
  if (loss.kind === "cross_entropy") return { loss: sum / rows, accuracy: right / rows };
  if (loss.kind !== "binary_cross_entropy") return { loss: sum / rows };
  return { loss: sum / rows, accuracy: right / samples.targets.data.length };
}

function countRight(loss: Loss, logits: Tensor, targets: Tensor): number {
  const expected = Array.from<unknown, number>(targets.data, Number);
  const found = Array.from<unknown, number>(logits.data, Number);
  if (loss.kind === "binary_cross_entropy")
    return expected.filter((target, index) => target > 0.5 === (found[index] ?? 0) > 0).length;
  if (loss.kind !== "cross_entropy") return 0;
  const classes = found.length / expected.length;
  return expected.filter((target, row) => {
    const scores = found.slice(row * classes, (row + 1) * classes);
    return scores.indexOf(Math.max(...scores)) === target;
  }).length;
}
