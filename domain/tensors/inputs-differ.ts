import { describeNames } from "./input-problem.ts";
import type { Signature } from "./tensor.ts";

/**
 * Why inputs made for `a` would not fit `b`, as the beginning of a sentence, or null. Shapes with
 * a free dimension fit any size; ranks and fixed sizes must agree.
 */
export function inputsDiffer(a: Signature, b: Signature): string | null {
  const names = ({ inputs }: Signature) => inputs.map(({ name }) => name).toSorted();
  if (names(a).join("\n") !== names(b).join("\n"))
    return `takes the inputs ${describeNames(names(b))} and not the same (${describeNames(names(a))})`;
  for (const left of a.inputs) {
    const right = b.inputs.find(({ name }) => name === left.name);
    if (left.type !== right?.type)
      return `input '${left.name}' is ${right?.type} and not ${left.type}`;
    if (left.shape.length === 0 || right.shape.length === 0) continue;
    const fits =
      left.shape.length === right.shape.length &&
      left.shape.every((size, axis) => {
        const other = right.shape[axis];
        return typeof size !== "number" || typeof other !== "number" || size === other;
      });
    if (!fits) return `input '${left.name}' does not have the same shape`;
  }
  return null;
}
