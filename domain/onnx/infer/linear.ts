import type { Dimension } from "../../tensors/tensor.ts";
import { einsumOf } from "../einsum-equation.ts";
import { intOf } from "../node.ts";
import { broadcast, describeShape } from "./broadcast.ts";
import { tensorFact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";

type Shape = readonly Dimension[] | null;

/** The shape of a product of matrices: NumPy's `matmul`, with vectors as a row and a column. */
export function matMulShape(call: InferenceCall, a: Shape, b: Shape): Dimension[] | null {
  if (a === null || b === null) return null;
  if (a.length === 0 || b.length === 0) throw call.fault("a scalar is no matrix; use Mul");
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  agree(call, left.at(-1) ?? null, right.at(-2) ?? null, [a, b]);
  const batch = broadcast(call, [left.slice(0, -2), right.slice(0, -2)]);
  const rows = a.length === 1 ? [] : left.slice(-2, -1);
  const columns = b.length === 1 ? [] : right.slice(-1);
  return batch && [...batch, ...rows, ...columns];
}

const matMul: InferenceRule = (call) =>
  tensorFact(call.type(0), matMulShape(call, call.shape(0), call.shape(1)));

const gemm: InferenceRule = (call) => {
  const a = matrixOf(call, 0, intOf(call.node, "transA", 0));
  const b = matrixOf(call, 1, intOf(call.node, "transB", 0));
  agree(call, a[1], b[0], [call.shape(0), call.shape(1)]);
  const shape = [a[0], b[1]];
  const c = call.optional(2)?.shape ?? null;
  if (c !== null && (broadcast(call, [shape, c])?.length ?? 0) > 2)
    throw call.fault(`C of ${describeShape(c)} does not broadcast to ${describeShape(shape)}`);
  return tensorFact(call.type(0), shape);
};

function matrixOf(
  call: InferenceCall,
  index: number,
  isTransposed: number,
): [Dimension, Dimension] {
  const shape = call.shape(index);
  if (shape === null) return [null, null];
  const [rows = null, columns = null] = shape;
  if (shape.length !== 2)
    throw call.fault(`input ${index} is to be a matrix, and has the shape ${describeShape(shape)}`);
  return isTransposed === 0 ? [rows, columns] : [columns, rows];
}

/** Throws where the inner sizes of a product are certain to differ. */
function agree(
  call: InferenceCall,
  left: Dimension,
  right: Dimension,
  shapes: readonly Shape[],
): void {
  if (typeof left !== "number" || typeof right !== "number" || left === right) return;
  const described = shapes.map((shape) => describeShape(shape ?? []));
  throw call.fault(`${described.join(" and ")} cannot be multiplied: ${left} is not ${right}`);
}

const einsum: InferenceRule = (call) => {
  const shapes = call.inputs.map((_, index) => call.shape(index));
  const known = shapes.filter((shape) => shape !== null);
  if (known.length < shapes.length) return tensorFact(call.type(0), null);
  const { operands, output } = einsumOf(
    call.node,
    known.map((shape) => shape.length),
  );
  const sizeOf = (letter: string): Dimension => {
    const sizes = operands.flatMap((letters, index) =>
      letters.flatMap((other, axis) => (other === letter ? [[known[index]?.[axis] ?? null]] : [])),
    );
    return broadcast(call, sizes)?.[0] ?? null;
  };
  for (const letter of new Set(operands.flat())) sizeOf(letter);
  return tensorFact(call.type(0), output.map(sizeOf));
};

/** One number of each matrix in the last two axes. */
const determinant: InferenceRule = (call) => {
  const shape = call.shape(0);
  if (shape === null) return tensorFact(call.type(0), null);
  const [rows, columns] = shape.slice(-2);
  const isSquare = rows === columns || typeof rows !== "number" || typeof columns !== "number";
  if (shape.length < 2 || !isSquare)
    throw call.fault(`${describeShape(shape)} does not end in the two sizes of a square matrix`);
  return tensorFact(call.type(0), shape.slice(0, -2));
};

export const LINEAR: Record<string, InferenceRule> = {
  MatMul: matMul,
  Gemm: gemm,
  Einsum: einsum,
  Det: determinant,
};
