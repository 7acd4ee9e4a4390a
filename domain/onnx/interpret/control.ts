import { countOf } from "../../tensors/tensor.ts";
import { frontAxis } from "../axes.ts";
import type { Graph } from "../model.ts";
import { graphOf, intOf, intsOf } from "../node.ts";
import { numbers, scalar, type Numbers, type Value } from "./array.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import { elementsIn, isElements, type Elements } from "./rearrange.ts";
import { elementAt, sliced, stacked } from "./slices.ts";

const branches: InterpreterRule = (call) => {
  const isTrue = call.numbers(0).data[0] === 1;
  return call.run(graphOf(call.node, isTrue ? "then_branch" : "else_branch"));
};

const loop: InterpreterRule = (call) => {
  const body = graphOf(call.node, "body");
  const trips = call.optional(0)?.data[0] ?? Number.POSITIVE_INFINITY;
  let goesOn = (call.optional(1)?.data[0] ?? 1) === 1;
  let carried = call.inputs.slice(2).map((_, index) => call.value(index + 2));
  const scanned: Value[][] = body.outputs.slice(1 + carried.length).map(() => []);
  for (let trip = 0; goesOn && trip < trips; trip += 1) {
    const [condition, ...rest] = call.run(body, [
      scalar("int64", trip),
      scalar("bool", goesOn ? 1 : 0),
      ...carried,
    ]);
    goesOn = condition !== undefined && isElements(condition) && condition.data[0] === 1;
    carried = rest.slice(0, carried.length);
    for (const [index, values] of scanned.entries())
      values.push(rest[carried.length + index] ?? call.value(-1));
  }
  return [
    ...carried,
    ...scanned.map((values, index) =>
      stackedSteps(call, values, body, 1 + carried.length + index, 0),
    ),
  ];
};

const scan: InterpreterRule = (call) => {
  if (call.opset < 9) return batchedScan(call);
  const { node } = call;
  const count = intOf(node, "num_scan_inputs", 0);
  const states = call.inputs.length - count;
  const axes = intsOf(node, "scan_input_axes") ?? [];
  const scanned = Array.from({ length: count }, (_, index) => {
    const input = elementsIn(call, states + index);
    return { input, axis: frontAxis(axes[index] ?? 0, input.dims.length) };
  });
  return runScan(call, {
    states: Array.from({ length: states }, (_, index) => call.value(index)),
    scanned,
    steps: scanned[0]?.input.dims[scanned[0].axis] ?? 0,
    inputDirections: intsOf(node, "scan_input_directions") ?? [],
    outputDirections: intsOf(node, "scan_output_directions") ?? [],
    outputAxes: intsOf(node, "scan_output_axes") ?? [],
  });
};

type ScanRun = {
  states: Value[];
  scanned: { input: Elements; axis: number }[];
  steps: number;
  inputDirections: readonly number[];
  outputDirections: readonly number[];
  outputAxes: readonly number[];
};

/** The last states, then the scan outputs. A direction of 1 reads, or writes, from the end. */
function runScan(call: InterpreterCall, run: ScanRun): Value[] {
  const body = graphOf(call.node, "body");
  const { scanned, steps } = run;
  const count = run.states.length;
  let states = run.states;
  const outputs: Value[][] = body.outputs.slice(count).map(() => []);
  for (let step = 0; step < steps; step += 1) {
    const elements = scanned.map(({ input, axis }, index) =>
      elementAt(input, axis, run.inputDirections[index] === 1 ? steps - 1 - step : step),
    );
    const results = call.run(body, [...states, ...elements]);
    states = results.slice(0, count);
    for (const [index, values] of outputs.entries()) {
      const value = results.slice(count + index, count + index + 1);
      if (run.outputDirections[index] === 1) values.unshift(...value);
      else values.push(...value);
    }
  }
  return [
    ...states,
    ...outputs.map((values, index) =>
      stackedSteps(call, values, body, count + index, run.outputAxes[index] ?? 0),
    ),
  ];
}

/** Version 8: every sequence of the batch by itself, each with its own number of steps. */
function batchedScan(call: InterpreterCall): Value[] {
  const count = intOf(call.node, "num_scan_inputs", 0);
  const states = call.inputs.length - 1 - count;
  const inputs = call.inputs.slice(1).map((_, index) => elementsIn(call, index + 1));
  const [batch = 0, longest = 0] = inputs.at(-1)?.dims ?? [];
  const lengths = call.optional(0)?.data;
  const runs = Array.from({ length: batch }, (_, sample) => {
    const steps = lengths?.[sample] ?? longest;
    const own = inputs.map((input) => elementAt(input, 0, sample));
    const outputs = runScan(call, {
      states: own.slice(0, states),
      scanned: own.slice(states).map((input) => ({ input: sliced(input, 0, 0, steps), axis: 0 })),
      steps,
      inputDirections: intsOf(call.node, "directions") ?? [],
      outputDirections: [],
      outputAxes: [],
    });
    return outputs.map((value, index) => {
      if (!isElements(value)) throw call.fault("a state of Scan has to be a tensor");
      return index < states ? value : padded(value, longest);
    });
  });
  const [first = []] = runs;
  return first.map((_, index) =>
    stacked(
      runs.flatMap((run) => run.slice(index, index + 1)),
      0,
    ),
  );
}

/** Zeros after the steps that there are. */
function padded(value: Elements, steps: number): Elements {
  if (value.type === "string") return value;
  const dims = value.dims.with(0, steps);
  const data = new Float64Array(countOf(dims));
  data.set(value.data);
  return { ...value, dims, data };
}

/** What each step gave, side by side; with no step, an empty tensor as the body declares its output. */
function stackedSteps(
  call: InterpreterCall,
  values: readonly Value[],
  body: Graph,
  output: number,
  axis: number,
): Elements {
  const parts = values.filter(isElements);
  if (parts.length < values.length) throw call.fault("a scan output has to be a tensor");
  const [first] = parts;
  if (first !== undefined) return stacked(parts, frontAxis(axis, first.dims.length + 1));
  const type = body.outputs[output]?.type;
  if (type?.kind !== "tensor" || type.shape === null)
    throw call.fault(
      `without a step, the shape of output ${output} of its body has to be declared`,
    );
  const dims = type.shape.map((size) => (typeof size === "number" ? size : 0));
  const all = dims.toSpliced(frontAxis(axis, dims.length + 1), 0, 0);
  if (type.elementType === "string") return { type: "string", dims: all, data: [] };
  return numbers(type.elementType, all, []) satisfies Numbers;
}

export const CONTROL: Record<string, InterpreterRule> = { If: branches, Loop: loop, Scan: scan };
