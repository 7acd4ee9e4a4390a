import { countOf } from "../../tensors/tensor.ts";
import { einsumOf } from "../einsum-equation.ts";
import { floatOf, intOf } from "../node.ts";
import { filled, numbers, positionOf, type Numbers } from "./array.ts";
import { broadcastAt, broadcastDims } from "./broadcast.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";

/** NumPy's `matmul`: matrices in the last two axes, the others broadcast, a vector is a row or a column. */
export function matMul(call: InterpreterCall, a: Numbers, b: Numbers): Numbers {
  if (a.dims.length === 0 || b.dims.length === 0) throw call.fault("a scalar is no matrix");
  const left = a.dims.length === 1 ? { ...a, dims: [1, ...a.dims] } : a;
  const right = b.dims.length === 1 ? { ...b, dims: [...b.dims, 1] } : b;
  const [rows = 0, inner = 0] = left.dims.slice(-2);
  const [height = 0, columns = 0] = right.dims.slice(-2);
  if (inner !== height) throw call.fault(`the inner sizes ${inner} and ${height} differ`);
  const leftBatch = left.dims.slice(0, -2);
  const rightBatch = right.dims.slice(0, -2);
  const batch = broadcastDims(call, [leftBatch, rightBatch]);
  // Which matrix of each operand belongs to each matrix of the product.
  const leftAt = filled("int64", leftBatch, (index) => index * rows * inner);
  const rightAt = filled("int64", rightBatch, (index) => index * inner * columns);
  const offsets = filled("int64", batch, (index) => index).data;
  const data = [...offsets].flatMap((matrix) => {
    const position = positionOf(matrix, batch);
    return product(
      left.data.subarray(broadcastAt(leftAt, position)),
      right.data.subarray(broadcastAt(rightAt, position)),
      { rows, inner, columns },
    );
  });
  const dims = [
    ...batch,
    ...(a.dims.length === 1 ? [] : [rows]),
    ...(b.dims.length === 1 ? [] : [columns]),
  ];
  return numbers(a.type, dims, data);
}

/** The product of two row-major matrices that `a` and `b` begin with. */
function product(
  a: Float64Array,
  b: Float64Array,
  { rows, inner, columns }: { rows: number; inner: number; columns: number },
): number[] {
  return Array.from({ length: rows * columns }, (_, index) => {
    const row = Math.floor(index / columns);
    const column = index % columns;
    let sum = 0;
    for (let at = 0; at < inner; at += 1)
      sum += (a[row * inner + at] ?? 0) * (b[at * columns + column] ?? 0);
    return sum;
  });
}

/** alpha A' B' + beta C, where ' is a transposition that an attribute may ask for. */
const gemm: InterpreterRule = (call) => {
  const { node } = call;
  const a = transposed(call.numbers(0), intOf(node, "transA", 0));
  const b = transposed(call.numbers(1), intOf(node, "transB", 0));
  const c = call.optional(2);
  const alpha = floatOf(node, "alpha", 1);
  const beta = floatOf(node, "beta", 1);
  const ab = matMul(call, a, b);
  return filled(ab.type, ab.dims, (index) => {
    const added = c ? beta * broadcastAt(c, positionOf(index, ab.dims)) : 0;
    return alpha * (ab.data[index] ?? 0) + added;
  });
};

function transposed(matrix: Numbers, isTransposed: number): Numbers {
  if (isTransposed === 0) return matrix;
  const [rows = 0, columns = 0] = matrix.dims;
  return filled(matrix.type, [columns, rows], (index) => {
    const [row = 0, column = 0] = positionOf(index, [columns, rows]);
    return matrix.data[column * columns + row] ?? 0;
  });
}

/** The sum over all letters that the output lacks of the product of the operands' elements. */
const einsum: InterpreterRule = (call) => {
  const inputs = call.inputs.map((_, index) => call.numbers(index));
  const { operands, output } = einsumOf(
    call.node,
    inputs.map(({ dims }) => dims.length),
  );
  const summed = [...new Set(operands.flat())].filter((letter) => !output.includes(letter));
  const sizeOf = (letter: string): number =>
    operands
      .flatMap((letters, index) =>
        letters.map((other, axis) => (other === letter ? (inputs[index]?.dims[axis] ?? 1) : 1)),
      )
      .find((size) => size !== 1) ?? 1;
  const dims = output.map(sizeOf);
  const summedDims = summed.map(sizeOf);
  const letters = [...output, ...summed];
  return filled(inputs[0]?.type ?? "float32", dims, (index) => {
    const outer = positionOf(index, dims);
    let sum = 0;
    for (let inner = 0; inner < countOf(summedDims); inner += 1) {
      const at = [...outer, ...positionOf(inner, summedDims)];
      sum += inputs.reduce((term, operand, which) => {
        const own = (operands[which] ?? []).map((letter) => at[letters.indexOf(letter)] ?? 0);
        return term * broadcastAt(operand, own);
      }, 1);
    }
    return sum;
  });
};

/** The determinant of each matrix, by elimination with the largest pivot. */
const determinants: InterpreterRule = (call) => {
  const { type, dims, data } = call.numbers(0);
  const size = dims.at(-1) ?? 0;
  return filled(type, dims.slice(0, -2), (index) =>
    determinant(
      Array.from({ length: size }, (_, row) => {
        const start = (index * size + row) * size;
        return [...data.subarray(start, start + size)];
      }),
    ),
  );
};

/** Uses the rows up. */
function determinant(rows: number[][]): number {
  let product = 1;
  for (let column = 0; column < rows.length; column += 1) {
    const size = (row: number): number => Math.abs(rows[row]?.[column] ?? 0);
    let pivot = column;
    for (let row = column + 1; row < rows.length; row += 1)
      if (size(row) > size(pivot)) pivot = row;
    const chosen = rows[pivot] ?? [];
    const head = chosen[column] ?? 0;
    if (head === 0) return 0;
    if (pivot !== column) {
      rows[pivot] = rows[column] ?? [];
      product = -product;
    }
    product *= head;
    for (let row = column + 1; row < rows.length; row += 1) {
      const factor = (rows[row]?.[column] ?? 0) / head;
      rows[row] = (rows[row] ?? []).map((value, at) => value - factor * (chosen[at] ?? 0));
    }
  }
  return product;
}

export const LINEAR: Record<string, InterpreterRule> = {
  MatMul: (call) => matMul(call, call.numbers(0), call.numbers(1)),
  Gemm: gemm,
  Einsum: einsum,
  Det: determinants,
};
