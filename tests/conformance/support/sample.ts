import type { ModelRef } from "../../../contract/inference.ts";
import type { Signature, Tensor } from "../../../domain/tensors/tensor.ts";
import type { BulkInference, Tensors } from "./bulk-inference.ts";
import type { OperatorTest } from "./operator-tests.ts";
import { feedsOf } from "./run-operator-tests.ts";

/** A test's model and inputs, and what the Worker answers to them as typed tensors. */
export type Sampled = {
  name: string;
  model: ModelRef;
  signature: Signature;
  feeds: Tensors;
  outputs: Tensors;
};

const MAX_RANK = 4;

/**
 * The first test for each element type, rank and emptiness of an input or an output, among those
 * whose inputs all fit.
 */
export function coveringTests(
  tests: readonly OperatorTest[],
  fits: (input: Tensor) => boolean,
): OperatorTest[] {
  const covered = new Set<string>();
  return tests.filter(({ sets: [set] }) => {
    if (set?.inputs.every((input) => input.ok && fits(input.value.tensor)) !== true) return false;
    const before = covered.size;
    for (const kind of ["inputs", "outputs"] as const)
      for (const port of set[kind])
        if (port.ok && port.value.tensor.dims.length <= MAX_RANK)
          covered.add(`${kind} ${formOf(port.value.tensor)}`);
    return covered.size > before;
  });
}

const formOf = ({ type, dims }: Tensor): string =>
  `${type} rank ${dims.length}${dims.includes(0) ? " empty" : ""}`;

/** Runs the first data set of each test the direct way. */
export async function runSample(
  inference: BulkInference,
  tests: readonly OperatorTest[],
): Promise<Sampled[]> {
  const models = await inference.store(tests.map(({ model }) => model));
  const inspected = await inference.inspect(models);
  const opened = tests.map(({ name, sets: [set] }, index) => {
    const [model, signature] = [models[index], inspected[index]];
    if (set === undefined || model === undefined || signature?.ok !== true)
      throw new Error(`${name} does not open`);
    const feeds = feedsOf(set, signature.value);
    if (!feeds.ok) throw new Error(`${name}: ${feeds.error}`);
    return { name, model, signature: signature.value, feeds: feeds.value };
  });
  const outputs = await runAll(inference, opened);
  return opened.map((test, index) => ({ ...test, outputs: outputs[index] ?? {} }));
}

/** The outputs of each; throws where one does not run. */
export async function runAll(
  inference: BulkInference,
  runs: readonly { name: string; model: ModelRef; feeds: Tensors }[],
): Promise<Tensors[]> {
  const answers = await inference.run(runs);
  return runs.map(({ name }, index) => {
    const answer = answers[index];
    if (answer?.ok !== true) throw new Error(`${name} does not run: ${JSON.stringify(answer)}`);
    return answer.value;
  });
}
