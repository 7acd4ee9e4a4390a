import { countOf, type ElementType } from "../../../../domain/tensors/tensor.ts";
import type { Port, RowLayout } from "../../../../domain/explain/rows.ts";

/** A layout of inputs of one type, one after the other. */
export function plainLayout(
  shapes: readonly (readonly number[])[],
  type: ElementType = "float32",
): RowLayout & { first: Port } {
  let size = 0;
  const ports = shapes.map((shape, at): Port => {
    const port = {
      name: `input_${at}`,
      type,
      shape,
      offset: size,
      count: countOf(shape),
      categories: null,
    };
    size += port.count;
    return port;
  });
  const [first] = ports;
  if (first === undefined) throw new Error("a layout has an input");
  return { ports, size, first };
}
