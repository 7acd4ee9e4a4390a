import { expect } from "vitest";
import {
  attributesOf,
  type AttributeLiterals,
} from "../../../../domain/onnx/attribute-literals.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import {
  isNumbers,
  isTexts,
  toTensor,
  type Numbers,
  type Texts,
} from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import type { Attribute } from "../../../../domain/onnx/model.ts";

export type OperatorRun = {
  operator: string;
  opset: number;
  /** Undefined for one that is left out. The first is an input of the graph, the others constants. */
  inputs: readonly (Numbers | Texts | undefined)[];
  attributes?: AttributeLiterals;
  /** Attributes whose kind their name does not tell. */
  exact?: readonly Attribute[];
  outputs?: number;
  /** Whether inference has to know every size. */
  known?: boolean;
};

/** What an operator computes by the interpreter, whose types and shapes inference has to have foreseen. */
export function runOperator(run: OperatorRun): (Numbers | Texts)[] {
  const { operator, opset, inputs, attributes = {}, exact = [] } = run;
  const b = GraphBuilder.empty(opset);
  const names = inputs.map((value, index) => {
    if (value === undefined) return "";
    const name = `input_${index}`;
    return index === 0 ? b.input(name, value.type, value.dims) : b.constant(toTensor(value), name);
  });
  const outputs = Array.from({ length: run.outputs ?? 1 }, (_, index) => `output_${index}`);
  b.add({
    opType: operator,
    inputs: names,
    outputs,
    attributes: [...attributesOf(attributes), ...exact],
  });
  for (const output of outputs) b.output(output);
  const [first] = inputs;
  const computed = interpret(b.model(), first ? { input_0: first } : {});
  return outputs.map((output) => {
    const value = computed[output];
    if (value === undefined || !(isNumbers(value) || isTexts(value))) throw new Error("no tensor");
    const fact = b.tensorOf(output);
    const message = `${operator} of opset ${opset}: ${output}`;
    expect(fact.type, message).toBe(value.type);
    expect(fact.shape?.length, message).toBe(value.dims.length);
    for (const [axis, size] of (fact.shape ?? []).entries())
      if (size !== null || run.known) expect(size, message).toBe(value.dims[axis]);
    return value;
  });
}
