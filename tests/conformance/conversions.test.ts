import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { inferBody } from "../../domain/inference-protocol/infer-response.ts";
import type { Result } from "../../domain/result.ts";
import { feedsFromJson } from "../../domain/tensors/feeds-from-json.ts";
import { tensorToNested } from "../../domain/tensors/to-nested.ts";
import type { Signature, Tensor } from "../../domain/tensors/tensor.ts";
import { decode, decodeJson } from "../unit/inference-protocol/wire-body.ts";
import { asJsonKeeps } from "../unit/tensors/arbitrary-tensor.ts";
import { startBulkInference, type BulkInference, type Tensors } from "./support/bulk-inference.ts";
import { readOperatorTests, type OperatorTest } from "./support/operator-tests.ts";
import { coveringTests, runAll, runSample, type Sampled } from "./support/sample.ts";
import { readSnapshot } from "./support/snapshot.ts";
import { inferRequest, readInferAnswer } from "./support/v2-client.ts";

const folder = inject("operatorTests");

const each = <To>(tensors: Tensors, change: (tensor: Tensor) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]));
const asNestedJson = (tensors: Tensors): Record<string, unknown> =>
  JSON.parse(JSON.stringify(each(tensors, tensorToNested)));

/** JSON has no word for an infinity and for minus zero. */
const isSayable = (tensor: Tensor) => isDeepStrictEqual(asJsonKeeps(tensor), tensor);
/** Nested arrays end at an empty dimension. */
const hidesSizes = ({ dims }: Tensor) => dims.slice(0, -1).includes(0);

/** Declares exactly these tensors, so that an answer can be read as a request is. */
const declaring = (tensors: Tensors): Signature => ({
  inputs: Object.entries(tensors).map(([name, { type, dims }]) => ({ name, type, shape: dims })),
  outputs: [],
});

/** What was read, or why not, to be compared as a whole. */
const feedsOf = (read: Result<{ feeds: Tensors }, unknown>) =>
  read.ok ? read.value.feeds : { refused: read.error };

const answerTo = (outputs: Tensors, binary: boolean) =>
  inferBody({
    modelName: "operator",
    modelVersion: "1",
    outputs: Object.entries(outputs).map(([name, tensor]) => ({ name, tensor, binary })),
  });

describe.skipIf(folder === null)("every way through the API gives what typed tensors give", () => {
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

  const sampleOf = (fits: (input: Tensor) => boolean) =>
    runSample(inference, coveringTests(passing, fits));

  /** Runs the sample with its inputs as they were read from a request, which must change nothing. */
  async function runAsRead(
    sample: Sampled[],
    read: (sampled: Sampled) => Result<{ feeds: Tensors }, unknown>,
  ): Promise<{ name: string; typed: Tensors; outputs: Tensors }[]> {
    const runs = sample.map((sampled) => {
      const result = read(sampled);
      expect(feedsOf(result), sampled.name).toEqual(sampled.feeds);
      return { ...sampled, feeds: result.ok ? result.value.feeds : {} };
    });
    const answers = await runAll(inference, runs);
    return sample.map(({ name, outputs }, index) => ({
      name,
      typed: outputs,
      outputs: answers[index] ?? {},
    }));
  }

  test("nested JSON in and out", async () => {
    const sample = await sampleOf((input) => isSayable(input) && !hidesSizes(input));
    expect(sample.length).toBeGreaterThan(50);
    const answers = await runAsRead(sample, ({ signature, feeds }) =>
      feedsFromJson(signature, asNestedJson(feeds)),
    );
    for (const { name, typed, outputs } of answers) {
      if (Object.values(typed).some(hidesSizes)) continue;
      const read = feedsFromJson(declaring(typed), asNestedJson(outputs));
      expect(feedsOf(read), name).toEqual(each(typed, asJsonKeeps));
    }
  });

  test("the Open Inference Protocol with JSON data", async () => {
    const sample = await sampleOf(isSayable);
    expect(sample.length).toBeGreaterThan(50);
    const answers = await runAsRead(sample, ({ signature, feeds }) =>
      decode(signature, inferRequest(feeds, "json").bytes, null),
    );
    for (const { name, typed, outputs } of answers) {
      const answer: { outputs: unknown } = JSON.parse(String(answerTo(outputs, false).body));
      const read = decodeJson(declaring(typed), { inputs: answer.outputs });
      expect(feedsOf(read), name).toEqual(each(typed, asJsonKeeps));
    }
  });

  test("the Open Inference Protocol with binary data, bit for bit", async () => {
    const sample = await sampleOf(() => true);
    expect(sample.length).toBeGreaterThan(50);
    const answers = await runAsRead(sample, ({ signature, feeds }) => {
      const { bytes, headerLength } = inferRequest(feeds, "binary");
      return decode(signature, bytes, headerLength);
    });
    for (const { name, typed, outputs } of answers) {
      const { body, headerLength } = answerTo(outputs, true);
      if (headerLength === null) throw new Error(`${name} was not answered in binary`);
      expect(readInferAnswer(body, headerLength), name).toEqual(typed);
    }
  });

  test("sizes after an empty dimension are refused as nested JSON, not guessed", async () => {
    const sample = (await sampleOf(() => true)).filter(({ feeds }) =>
      Object.values(feeds).some(hidesSizes),
    );
    expect(sample.length).toBeGreaterThan(0);
    for (const { name, signature, feeds } of sample)
      expect(feedsFromJson(signature, asNestedJson(feeds)), name).toMatchObject({
        ok: false,
        error: { code: "input_shape" },
      });
  });
});
