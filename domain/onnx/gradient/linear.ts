import type { GraphBuilder } from "../graph-builder.ts";
import { floatOf, intOf } from "../node.ts";
import { einsum } from "./einsum.ts";
import { reshapeLike, scalarLike, unbroadcast } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";

/** A vector counts as a row on the left and as a column on the right, as MatMul reads it. */
const matMul: GradientRule = (call) => {
  const { b } = call;
  const isRow = call.shape(0).length === 1;
  const isColumn = call.shape(1).length === 1;
  const left = isRow ? b.node("Unsqueeze", [call.input(0), b.ints([0])]) : call.input(0);
  const right = isColumn ? b.node("Unsqueeze", [call.input(1), b.ints([1])]) : call.input(1);
  const missing = [...(isRow ? [-2] : []), ...(isColumn ? [-1] : [])];
  const dy = missing.length === 0 ? call.dy : b.node("Unsqueeze", [call.dy, b.ints(missing)]);
  if (b.shapeOf(right).length === 2) giveForOneMatrix(call, left, right, dy);
  else giveForBatches(call, left, right, dy);
};

/** One matrix on the right: the rows of all matrices on the left are those of a single product. */
function giveForOneMatrix(call: GradientCall, left: string, right: string, dy: string): void {
  const { b } = call;
  const rowsOf = (value: string): string =>
    b.shapeOf(value).length === 2 ? value : b.node("Flatten", [value], { axis: -1 });
  const rows = rowsOf(dy);
  if (call.wants(0))
    call.give(0, reshapeLike(b, b.node("Gemm", [rows, right], { transB: 1 }), call.input(0)));
  if (call.wants(1))
    call.give(
      1,
      reshapeLike(b, b.node("Gemm", [rowsOf(left), rows], { transA: 1 }), call.input(1)),
    );
}

function giveForBatches(call: GradientCall, left: string, right: string, dy: string): void {
  const { b } = call;
  if (call.wants(0)) {
    const gradient = b.node("MatMul", [dy, transposed(b, right)]);
    call.give(0, reshapeLike(b, unbroadcast(b, gradient, left), call.input(0)));
  }
  if (call.wants(1)) {
    const gradient = b.node("MatMul", [transposed(b, left), dy]);
    call.give(1, reshapeLike(b, unbroadcast(b, gradient, right), call.input(1)));
  }
}

/** Each matrix in the last two axes transposed. */
function transposed(b: GraphBuilder, value: string): string {
  const axes = b.shapeOf(value).map((_, axis) => axis);
  return b.node("Transpose", [value], {
    perm: [...axes.slice(0, -2), axes.length - 1, axes.length - 2],
  });
}

/** Y = alpha A' B' + beta C: each gradient is a Gemm again, its operands swapped where they stood transposed. */
const gemm: GradientRule = (call) => {
  const { b, node } = call;
  const transA = intOf(node, "transA", 0);
  const transB = intOf(node, "transB", 0);
  const alpha = floatOf(node, "alpha", 1);
  const beta = floatOf(node, "beta", 1);
  const [a, w] = [call.input(0), call.input(1)];
  if (call.wants(0))
    call.give(
      0,
      transA === 0
        ? b.node("Gemm", [call.dy, w], { alpha, transB: 1 - transB })
        : b.node("Gemm", [w, call.dy], { alpha, transA: transB, transB: 1 }),
    );
  if (call.wants(1))
    call.give(
      1,
      transB === 0
        ? b.node("Gemm", [a, call.dy], { alpha, transA: 1 - transA })
        : b.node("Gemm", [call.dy, a], { alpha, transA: 1, transB: transA }),
    );
  if (call.has(2) && call.wants(2)) {
    const sum = unbroadcast(b, call.dy, call.input(2));
    call.give(2, beta === 1 ? sum : b.node("Mul", [sum, scalarLike(b, sum, beta)]));
  }
};

export const LINEAR: Record<string, GradientRule> = { MatMul: matMul, Gemm: gemm, Einsum: einsum };
