import { GraphBuilder } from "../graph-builder.ts";
import type { Model } from "../model.ts";
import { namesIn } from "../names.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { eliminateCommonSubexpressions } from "../rewrite/eliminate-common-subexpressions.ts";
import { removeDead } from "../rewrite/remove-dead.ts";
import { addGradients } from "./add-gradients.ts";
import type { Profile } from "./gradient-call.ts";
import { forWebgpu } from "./for-webgpu.ts";
import { prepareForGradient } from "./prepare.ts";
import { withKnownOperators } from "./with-known-operators.ts";

export type DifferentiateOptions = {
  /** The tensor whose gradient is taken; where it is not a scalar, that of the sum of its elements. */
  of: string;
  /** Inputs, initializers or inner tensors. */
  with_respect_to: readonly string[];
  /** `input`: the graph takes the gradient of `of` as an input of its own, `gradient_of_<of>`. */
  seed?: "ones" | "input";
  profile?: Profile;
  /** Whether the outputs of the model stay outputs, before the gradients. */
  keep_outputs?: boolean;
};

/** What the gradient of a tensor is called. */
export const gradientName = (tensor: string): string => `gradient_of_${tensor}`;

/**
 * A model with the same inputs whose outputs are the gradients of `of` with respect to each tensor
 * asked for, in that order, named by `gradientName` and shaped like the tensors. Reverse mode: one
 * backward pass, whatever the number of tensors. Only operators of ONNX's standard set are used, of
 * opset 18 or later. At kinks the conventions are PyTorch's: relu'(0) = 0; equal maxima share, but
 * in a pooling window the first has all.
 */
export function differentiate(model: Model, options: DifferentiateOptions): Model {
  const { of, with_respect_to, keep_outputs = false, profile = "wasm" } = options;
  checkNames(model, options);
  const b = GraphBuilder.extending(
    prepareForGradient(withKnownOperators(model), { of, with_respect_to, profile }),
  );
  const seed =
    options.seed === "input"
      ? b.input(gradientName(of), b.tensorOf(of).type, b.shapeOf(of))
      : undefined;
  const gradients = addGradients(b, {
    of,
    with_respect_to,
    profile,
    ...(seed === undefined ? {} : { seed }),
  });
  if (!keep_outputs) b.clearOutputs();
  for (const [index, gradient] of gradients.entries()) {
    const tensor = with_respect_to[index] ?? "";
    b.output(gradient, gradientName(tensor), b.factOf(tensor));
  }
  const gradient = removeDead(eliminateCommonSubexpressions(b.model()));
  return profile === "webgpu" ? forWebgpu(gradient) : gradient;
}

/** Each gradient is an output, whose name has to be free. */
function checkNames(model: Model, { of, with_respect_to, seed }: DifferentiateOptions): void {
  if (with_respect_to.length === 0)
    throw new OnnxFault("bad_request", "'with_respect_to' names no tensor");
  const asked = new Set<string>();
  const taken = namesIn(model.graph);
  for (const tensor of with_respect_to) {
    if (asked.has(tensor))
      throw new OnnxFault("bad_request", `'with_respect_to' names '${tensor}' twice`, { tensor });
    asked.add(tensor);
  }
  for (const tensor of seed === "input" ? [of, ...with_respect_to] : with_respect_to)
    if (taken.has(gradientName(tensor)))
      throw new OnnxFault(
        "bad_request",
        `the model has a tensor '${gradientName(tensor)}', as the gradient of '${tensor}' is to be called: rename it`,
        { tensor: gradientName(tensor) },
      );
}
