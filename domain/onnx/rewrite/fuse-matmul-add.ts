import type { Dimension } from "../../tensors/tensor.ts";
import { isFloatType } from "../float-values.ts";
import type { Model, Node } from "../model.ts";
import { operatorOf } from "../node.ts";
import { editGraphs, type GraphEdit } from "./graph-edit.ts";
import { newNode } from "./new-node.ts";

/** Makes one Gemm of a MatMul of matrices and the Add after it, wherever Gemm can add the same. */
export const fuseMatMulAdd = (model: Model): Model =>
  editGraphs(model, (edit) => {
    for (const node of edit.graph.nodes) if (operatorOf(node) === "MatMul") fuse(edit, node);
  });

function fuse(edit: GraphEdit, matMul: Node): void {
  const [a = "", b = ""] = matMul.inputs;
  const [product = ""] = matMul.outputs;
  const add = edit.soleReader(product);
  if (add === undefined || operatorOf(add) !== "Add") return;
  const bias = add.inputs.find((name) => name !== product);
  const shape = edit.tensorOf(product)?.shape;
  const type = edit.tensorOf(product)?.type;
  if (bias === undefined || type === undefined || !isFloatType(type)) return;
  if (edit.tensorOf(a)?.shape?.length !== 2 || edit.tensorOf(b)?.shape?.length !== 2) return;
  if (!broadcastsTo(edit.tensorOf(bias)?.shape ?? null, shape ?? null)) return;
  edit.replace(matMul);
  edit.replace(add, newNode("Gemm", [a, b, bias], add.outputs, {}, add.name));
}

/** Whether Gemm, which stretches nothing but what it adds, takes a tensor of this shape. */
function broadcastsTo(from: readonly Dimension[] | null, to: readonly Dimension[] | null): boolean {
  if (from === null || to === null || from.length > to.length) return false;
  return from.every((size, axis) => {
    const target = to[axis + to.length - from.length];
    return size === 1 || (size !== null && size === target);
  });
}
