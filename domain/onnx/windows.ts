import type { Node } from "./model.ts";
import { intOf, intsOf, placeOf, stringOf } from "./node.ts";
import { OnnxFault } from "./onnx-fault.ts";

/** How the window of a convolution or a pooling moves along one spatial axis. Lengths in elements. */
export type Window = {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Elements added before and after the axis, or which side gets the odd one where the output is to have ceil(size / stride). */
  readonly pads: readonly [number, number] | "same_upper" | "same_lower";
  /** Whether a last window may reach beyond the padded axis. */
  readonly ceil: boolean;
};

/** The window along each spatial axis as the attributes of a node say it, for a kernel of these sizes. */
export function windowsOf(node: Node, kernel: readonly number[]): Window[] {
  const strides = perAxis(node, "strides", kernel.length, 1, 1);
  const dilations = perAxis(node, "dilations", kernel.length, 1, 1);
  const pads = perAxis(node, "pads", 2 * kernel.length, 0, 0);
  const auto = stringOf(node, "auto_pad", "NOTSET");
  const ceil = intOf(node, "ceil_mode", 0) === 1;
  return kernel.map((size, axis) => {
    if (size < 1)
      throw new OnnxFault(
        "invalid",
        `a kernel of ${kernel.join(" x ")} is empty; every size has to be at least 1`,
        placeOf(node),
      );
    return {
      kernel: size,
      stride: strides[axis] ?? 1,
      dilation: dilations[axis] ?? 1,
      pads: padding(node, auto, [pads[axis] ?? 0, pads[axis + kernel.length] ?? 0]),
      ceil,
    };
  });
}

/** Elements from the first to the last that a window touches. */
export const reachOf = ({ kernel, dilation }: Window): number => (kernel - 1) * dilation + 1;

/** How many windows an axis of `size` elements has; 0 or less where it is shorter than one. */
export function windowCount(window: Window, size: number): number {
  const { stride, pads, ceil } = window;
  if (typeof pads === "string") return Math.ceil(size / stride);
  const steps = (size + pads[0] + pads[1] - reachOf(window)) / stride;
  if (!ceil) return Math.floor(steps) + 1;
  const count = Math.ceil(steps) + 1;
  // A window that would start in the padding behind the axis is left out.
  return (count - 1) * stride >= size + pads[0] ? count - 1 : count;
}

/** The elements added before and after an axis of `size` elements. */
export function padsFor(window: Window, size: number): readonly [number, number] {
  const { stride, pads } = window;
  if (typeof pads !== "string") return pads;
  const total = Math.max(0, (windowCount(window, size) - 1) * stride + reachOf(window) - size);
  return splitPads(total, pads);
}

/** `same_upper` puts the odd element behind, `same_lower` before. */
export function splitPads(
  total: number,
  side: "same_upper" | "same_lower",
): readonly [number, number] {
  const less = Math.floor(total / 2);
  return side === "same_upper" ? [less, total - less] : [total - less, less];
}

function padding(node: Node, auto: string, explicit: readonly [number, number]): Window["pads"] {
  switch (auto) {
    case "NOTSET":
    case "":
      return explicit;
    case "VALID":
      return [0, 0];
    case "SAME_UPPER":
      return "same_upper";
    case "SAME_LOWER":
      return "same_lower";
    default:
      throw new OnnxFault("invalid", `'${auto}' is no way of padding`, placeOf(node));
  }
}

function perAxis(
  node: Node,
  name: string,
  count: number,
  absent: number,
  least: number,
): readonly number[] {
  const values = intsOf(node, name);
  if (values === undefined) return Array<number>(count).fill(absent);
  if (values.length === count && values.every((value) => value >= least)) return values;
  throw new OnnxFault(
    "invalid",
    `'${name}' is to be ${count} numbers of at least ${least}, and is [${values.join(", ")}]`,
    placeOf(node),
  );
}
