import type { StoredTensor, Model, Node } from "../model.ts";
import { floatOf, intOf, operatorOf } from "../node.ts";
import { floatsOf, isFloatType, storedFloats, type FloatType } from "../float-values.ts";
import { editGraphs, type GraphEdit } from "./graph-edit.ts";
import { newNode } from "./new-node.ts";

/**
 * Makes of each Gemm a MatMul and an Add, with a Transpose or a Mul where it has more to do, so
 * that what follows has to know MatMul only. A constant weight is transposed right away.
 */
export const splitGemm = (model: Model): Model =>
  editGraphs(model, (edit) => {
    for (const node of edit.graph.nodes) if (operatorOf(node) === "Gemm") split(edit, node);
  });

function split(edit: GraphEdit, gemm: Node): void {
  const [a = "", b = "", c = ""] = gemm.inputs;
  const [output = ""] = gemm.outputs;
  const type = edit.tensorOf(output)?.type;
  if (type === undefined || !isFloatType(type)) return;
  const nodes: Node[] = [];
  const then = (opType: string, inputs: readonly string[], stem: string): string => {
    const made = edit.fresh(`${output}_${stem}`);
    nodes.push(newNode(opType, inputs, [made]));
    return made;
  };
  const transposed = (name: string, isTransposed: boolean): string => {
    if (!isTransposed) return name;
    const stored = edit.constantOf(name);
    if (stored) return edit.constant(`${name}_transposed`, transposedMatrix(stored, type));
    return then("Transpose", [name], "transposed");
  };
  const scaled = (name: string, factor: number): string =>
    factor === 1 ? name : then("Mul", [name, scalar(edit, type, factor)], "scaled");

  const left = transposed(a, intOf(gemm, "transA", 0) === 1);
  const right = transposed(b, intOf(gemm, "transB", 0) === 1);
  const product = scaled(then("MatMul", [left, right], "product"), floatOf(gemm, "alpha", 1));
  if (c !== "") then("Add", [product, scaled(c, floatOf(gemm, "beta", 1))], "sum");
  const last = nodes.pop();
  if (last) edit.replace(gemm, ...nodes, { ...last, outputs: [output] });
}

const scalar = (edit: GraphEdit, type: FloatType, value: number): string =>
  edit.constant("factor", storedFloats("", type, [], Float64Array.of(value)));

function transposedMatrix(stored: StoredTensor, type: FloatType): StoredTensor {
  const [rows = 0, columns = 0] = stored.dims;
  const values = floatsOf(stored);
  const turned = values.map((_, at) => values[(at % rows) * columns + Math.floor(at / rows)] ?? 0);
  return storedFloats("", type, [columns, rows], turned);
}
