import { countOf } from "../../tensors/tensor.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { elementsOf } from "../stored-tensor.ts";
import { float16Value } from "../tensors.ts";

/** The value of a constant of one element; undefined for what is known only when the graph runs. */
export function constantNumber(b: GraphBuilder, tensor: string): number | undefined {
  const { constant } = b.tensorOf(tensor);
  if (constant === undefined || countOf(constant.dims) !== 1) return undefined;
  const { type, data } = elementsOf(constant);
  const element = Number(data[0]);
  return type === "float16" ? float16Value(element) : element;
}
