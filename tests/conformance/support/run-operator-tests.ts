import type { InferenceError } from "../../../contract/inference.ts";
import { ok, type Result } from "../../../domain/result.ts";
import type { Signature } from "../../../domain/tensors/tensor.ts";
import type { Answer, BulkInference, Run, Tensors } from "./bulk-inference.ts";
import { difference } from "./difference.ts";
import { knownMismatch } from "./known-mismatches.ts";
import type { DataSet, OperatorTest } from "./operator-tests.ts";

/** What came of a test: the Worker's refusal by its code, or what is wrong with its answer. */
export type Outcome =
  | { kind: "passed" }
  | { kind: InferenceError["code"] | "wrong_value" | "data_unreadable"; reason: string }
  | { kind: "thrown"; reason: string };

/** Below the number of sessions that the Worker keeps, so that each model is opened once. */
const MODELS_PER_REQUEST = 100;
const REASON_LENGTH = 110;

/** Inspects every model, runs those that open with their inputs, and compares the outputs. */
export async function runOperatorTests(
  inference: BulkInference,
  tests: readonly OperatorTest[],
): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  for (let from = 0; from < tests.length; from += MODELS_PER_REQUEST) {
    const some = tests.slice(from, from + MODELS_PER_REQUEST);
    for (const [name, outcome] of await runSome(inference, some)) outcomes.set(name, outcome);
  }
  return outcomes;
}

async function runSome(
  inference: BulkInference,
  tests: readonly OperatorTest[],
): Promise<Map<string, Outcome>> {
  const models = await inference.store(tests.map(({ model }) => model));
  const inspected = await inference.inspect(models);
  const outcomes = new Map<string, Outcome>();
  const runs: (Run & { name: string; set: DataSet })[] = [];
  for (const [index, { name, sets }] of tests.entries()) {
    const [model, signature] = [models[index], inspected[index]];
    if (model === undefined || signature?.ok !== true) {
      outcomes.set(name, outcomeOf(signature));
      continue;
    }
    for (const set of sets) {
      const feeds = feedsOf(set, signature.value);
      if (feeds.ok) runs.push({ name, set, model, feeds: feeds.value });
      else outcomes.set(name, { kind: "data_unreadable", reason: feeds.error });
    }
  }
  const answers = await inference.run(runs);
  for (const [index, { name, set }] of runs.entries()) {
    const outcome = outcomes.get(name) ?? { kind: "passed" };
    if (outcome.kind === "passed") outcomes.set(name, compared(name, set, answers[index]));
  }
  return outcomes;
}

/** The inputs of a test are in the order of the model's, by whatever names. */
export function feedsOf({ inputs }: DataSet, signature: Signature): Result<Tensors, string> {
  const feeds: Tensors = {};
  for (const [index, input] of inputs.entries()) {
    if (!input.ok) return input;
    feeds[signature.inputs[index]?.name ?? input.value.name] = input.value.tensor;
  }
  return ok(feeds);
}

function compared(
  test: string,
  { outputs }: DataSet,
  answer: Answer<Tensors> | undefined,
): Outcome {
  if (answer?.ok !== true) return outcomeOf(answer);
  for (const output of outputs) {
    if (!output.ok) return { kind: "data_unreadable", reason: output.error };
    const { name, tensor } = output.value;
    const wrong = difference(tensor, answer.value[name]);
    if (wrong !== null)
      return { kind: "wrong_value", reason: `${wrong}: ${knownMismatch(test) ?? "not known"}` };
  }
  return { kind: "passed" };
}

function outcomeOf(answer: Answer<unknown> | undefined): Outcome {
  if (answer === undefined) return { kind: "thrown", reason: "no answer" };
  if (answer.ok === null) return { kind: "thrown", reason: answer.thrown };
  return answer.ok
    ? { kind: "passed" }
    : { kind: answer.error.code, reason: reasonOf(answer.error) };
}

function reasonOf(error: InferenceError): string {
  if (error.code === "model_operator_unsupported") return error.operator;
  if (error.code === "model_io_unsupported") return error.type;
  // Sizes and node numbers would make a group of every test.
  return "reason" in error ? error.reason.replace(/\d+/g, "#").slice(0, REASON_LENGTH) : error.code;
}
