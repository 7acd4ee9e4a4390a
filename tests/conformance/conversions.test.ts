import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { inferBody } from "../../domain/inference-protocol/infer-response.ts";
import type { Result } from "../../domain/result.ts";
import { feedsFromJson } from "../../domain/tensors/feeds-from-json.ts";
import { tensorToNested } from "../../domain/tensors/to-nested.ts";
import type { Tensor } from "../../domain/tensors/tensor.ts";
import { decode } from "../unit/inference-protocol/wire-body.ts";
import { asJsonKeeps } from "../unit/tensors/arbitrary-tensor.ts";
import { startBulkInference, type BulkInference, type Tensors } from "./support/bulk-inference.ts";
import { readOperatorTests, type OperatorTest } from "./support/operator-tests.ts";
import { coveringTests, isFinite, runSample, type Sampled } from "./support/sample.ts";
import { readSnapshot } from "./support/snapshot.ts";
import { inferRequest, readInferAnswer } from "./support/v2-client.ts";

const folder = inject("operatorTests");
const each = <To>(tensors: Tensors, change: (tensor: Tensor) => To) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]));

/** Tensors as nested JSON; what JSON keeps of the sizes ends at an empty dimension. */
const asJson = (tensors: Tensors) => JSON.parse(JSON.stringify(each(tensors, tensorToNested)));
const hidesSizes = ({ dims }: Tensor) => dims.slice(0, -1).includes(0);

describe.skipIf(folder === null)("what the API carries is what the model is fed and says", () => {
  let inference: BulkInference;
  let passing: OperatorTest[];

  beforeAll(async () => {
    inference = await startBulkInference(inject("builtInference"));
    const { not_passed: failures } = await readSnapshot();
    const failing = new Set(Object.values(failures).flatMap((same) => Object.values(same).flat()));
    const tests = await readOperatorTests(folder ?? "");
    passing = tests.filter(({ name }) => !failing.has(name));
  });
  afterAll(() => inference.stop());

  const sampleOf = (fits: (tensor: Tensor) => boolean) =>
    runSample(inference, coveringTests(passing, fits));

  /** Runs each model with what was `read` from its request; the outputs, in order. */
  async function run(sample: Sampled[], read: Result<{ feeds: Tensors }, unknown>[]) {
    const runs = sample.map(({ name, model, feeds }, index) => {
      const given = read[index];
      if (given?.ok !== true) throw new Error(`${name}: ${JSON.stringify(given?.error)}`);
      expect(given.value.feeds, name).toEqual(each(feeds, asSent));
      return { model, feeds: given.value.feeds };
    });
    return Promise.all(
      (await inference.run(runs)).map((answer, index) => {
        if (answer.ok !== true) throw new Error(`${sample[index]?.name} does not run`);
        return answer.value;
      }),
    );
  }
});
