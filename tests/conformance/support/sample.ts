import type { ModelRef } from "../../../contract/inference.ts";
import type { Signature, Tensor } from "../../../domain/tensors/tensor.ts";
import type { BulkInference, Tensors } from "./bulk-inference.ts";
import type { OperatorTest } from "./operator-tests.ts";
import { feedsOf } from "./run-operator-tests.ts";

/** One run of a test whose model opens and answers, and the answer to tensors fed as they are. */
export type Sampled = {
  name: string;
  model: ModelRef;
  signature: Signature;
  feeds: Tensors;
  outputs: Tensors;
};

const MAX_RANK = 4;

/** A first test for each element type, rank and emptiness that an input or an output has. */
export function coveringTests(
  tests: readonly OperatorTest[],
  fits: (test: OperatorTest) => boolean,
): OperatorTest[] {
  const covered = new Set<string>();
  return tests.filter((test) => {
    const [set] = test.sets;
    if (set === undefined || !fits(test)) return false;
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
  const prepared = tests.map(({ name, sets }, index) => {
    const [set, model, signature] = [sets[0], models[index], inspected[index]];
    if (set === undefined || model === undefined || signature?.ok !== true)
      throw new Error(`${name} does not open`);
    const feeds = feedsOf(set, signature.value);
    if (!feeds.ok) throw new Error(`${name}: ${feeds.error}`);
    return { name, model, signature: signature.value, feeds: feeds.value };
  });
  const answers = await inference.run(prepared);
  return prepared.map((sampled, index) => {
    const answer = answers[index];
    if (answer?.ok !== true) throw new Error(`${sampled.name} does not run`);
    return { ...sampled, outputs: answer.value };
  });
}
