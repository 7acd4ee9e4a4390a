import { readModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { fromTensor, toTensor, type Value } from "../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../domain/onnx/interpret/interpret.ts";
import { INTERPRETER_RULES } from "../../../domain/onnx/interpret/rules.ts";
import { inferModel } from "../../../domain/onnx/infer/infer.ts";
import { INFERENCE_RULES } from "../../../domain/onnx/infer/rules.ts";
import type { Model } from "../../../domain/onnx/model.ts";
import { operatorOf } from "../../../domain/onnx/node.ts";
import { OnnxFault } from "../../../domain/onnx/onnx-fault.ts";
import { difference } from "./difference.ts";
import type { OperatorTest } from "./operator-tests.ts";

/** Null where it passed, `skipped` where the toolkit has no rule for an operator of the test or no value for its data. */
export type Check = null | { skipped: string } | { wrong: string };

/** Whether what inference says of each output holds for the output that the test expects. */
export function checkInference(test: OperatorTest): Check {
  const model = readModel(test.model);
  const missing = operatorsOf(model).find((operator) => !INFERENCE_RULES.has(operator));
  if (missing !== undefined) return { skipped: missing };
  return guarded(() => {
    const facts = inferModel({
      ...model,
      graph: {
        ...model.graph,
        outputs: model.graph.outputs.map(({ name }) => ({ name })),
        valueInfo: [],
      },
    });
    for (const [index, { name }] of model.graph.outputs.entries()) {
      const expected = test.sets[0]?.outputs[index];
      if (expected?.ok !== true) return { skipped: expected?.error ?? "no data" };
      const { dims, type } = expected.value.tensor;
      const fact = facts.get(name);
      if (fact?.kind !== "tensor") return { wrong: `${name} is not inferred` };
      if (fact.type !== type) return { wrong: `${name} is ${type}, inferred ${fact.type}` };
      const { shape } = fact;
      if (shape === null) return { wrong: `${name} has no rank` };
      const fits =
        shape.length === dims.length &&
        shape.every((size, axis) => typeof size !== "number" || size === dims[axis]);
      if (!fits) return { wrong: `${name} is [${dims.join()}], inferred [${shape.join()}]` };
    }
    return null;
  });
}

/** Whether the interpreter computes what the test expects. */
export function checkInterpreter(test: OperatorTest): Check {
  const model = readModel(test.model);
  const missing = operatorsOf(model).find((operator) => !INTERPRETER_RULES.has(operator));
  if (missing !== undefined) return { skipped: missing };
  return guarded(() => {
    for (const { inputs, outputs } of test.sets) {
      const feeds: Record<string, Value> = {};
      for (const [index, input] of inputs.entries()) {
        if (!input.ok) return { skipped: input.error };
        feeds[model.graph.inputs[index]?.name ?? ""] = fromTensor(input.value.tensor);
      }
      const computed = interpret(model, feeds);
      for (const [index, { name }] of model.graph.outputs.entries()) {
        const expected = outputs[index];
        if (expected?.ok !== true) return { skipped: expected?.error ?? "no data" };
        const found = computed[name];
        const wrong = difference(expected.value.tensor, found && toTensor(found));
        if (wrong !== null) return { wrong: `${name}: ${wrong}` };
      }
    }
    return null;
  });
}

function guarded(check: () => Check): Check {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof OnnxFault)) throw error;
    if (error.problem.code === "unsupported") return { skipped: error.message };
    return { wrong: error.message };
  }
}

const operatorsOf = (model: Model): string[] => model.graph.nodes.map((node) => operatorOf(node));
