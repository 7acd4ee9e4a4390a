import type { Dimension } from "../../tensors/tensor.ts";
import { axesOf, keptElements, type KeptAxis } from "./elements.ts";
import { tensorFact } from "./fact.ts";
import type { InferenceRule } from "./inference-call.ts";
import { axesFrom, boundedRange, intsGiven, unknowns } from "./sizes.ts";

/** Beyond any size: what exporters write for an open end. */
const OPEN = 2 ** 31 - 1;

export const slice: InferenceRule = (call) => {
  const x = call.tensor(0);
  const { type, shape } = x;
  const starts = intsGiven(call, "starts", 1);
  const ends = intsGiven(call, "ends", 2);
  const steps = intsGiven(call, "steps", 4);
  if (shape === null) return tensorFact(type, null);
  const given = intsGiven(call, "axes", 3);
  const count = starts?.length ?? ends?.length;
  const first = count === undefined ? null : boundedRange(count);
  const axes = axesFrom(call, given === undefined ? first : given, shape.length);
  if (axes === null) return tensorFact(type, unknowns(shape.length));
  const sizes = [...shape];
  let kept = axesOf(x);
  for (const [at, axis] of axes.entries()) {
    const bounds = [
      starts?.[at] ?? null,
      ends?.[at] ?? null,
      steps === undefined ? 1 : (steps?.[at] ?? null),
    ] as const;
    if (bounds[2] === 0) throw call.fault("a step is 0");
    sizes[axis] = slicedSize(shape[axis] ?? null, ...bounds);
    const whole = kept?.[axis];
    const part = whole && slicedAxis(whole, ...bounds);
    kept = part && kept?.with(axis, part);
  }
  return tensorFact(type, sizes, keptElements(x, kept));
};

function slicedSize(size: Dimension, start: Dimension, end: Dimension, step: Dimension): Dimension {
  if (typeof start !== "number" || typeof step !== "number") return null;
  if (typeof size === "number" && typeof end === "number")
    return sliceOf(size, start, end, step).count;
  const isAll =
    step === 1
      ? (start === 0 || start <= -OPEN) &&
        (end === size || (typeof end === "number" && end >= OPEN))
      : step === -1 && (start === -1 || start >= OPEN) && typeof end === "number" && end <= -OPEN;
  return isAll ? size : null;
}

const slicedAxis = (
  { indices, stride }: KeptAxis,
  start: Dimension,
  end: Dimension,
  step: Dimension,
): KeptAxis | undefined =>
  typeof start === "number" && typeof end === "number" && typeof step === "number"
    ? { indices: slicedIndices(indices.length, start, end, step), stride }
    : undefined;

/** The first index that a slice of an axis keeps, and how many. */
export function sliceOf(
  size: number,
  start: number,
  end: number,
  step: number,
): { from: number; count: number } {
  const highest = step > 0 ? size : size - 1;
  const clamped = (at: number, lowest: number): number =>
    Math.min(highest, Math.max(lowest, at < 0 ? at + size : at));
  const from = clamped(start, 0);
  const to = clamped(end, step > 0 ? 0 : -1);
  return { from, count: Math.max(0, Math.ceil((to - from) / step)) };
}

/** The indices that a slice keeps, in its order. */
export function slicedIndices(size: number, start: number, end: number, step: number): number[] {
  const { from, count } = sliceOf(size, start, end, step);
  return boundedRange(count).map((at) => from + at * step);
}
