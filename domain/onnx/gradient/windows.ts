import { countOf } from "../../tensors/tensor.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { floatTensor } from "../tensors.ts";
import { scalarLike } from "./emit.ts";
import type { Layout } from "./layout.ts";

/**
 * The elements under each cell of the kernel: a tensor of [..., ...counts] for each cell in
 * row-major order, whose element is what lies under that cell of each window. The spatial axes are
 * the last ones of `x`.
 */
export function elementsUnder(
  b: GraphBuilder,
  x: string,
  layout: Layout,
  padding: number,
): string[] {
  const axes = spatialAxes(b, x, layout);
  const padded = withPads(b, x, layout, padding);
  if ([...layout.kernel, ...layout.strides].every((size) => size === 1)) return [padded];
  return cellsOf(layout.kernel).map((cell) => {
    const starts = cell.map((at, axis) => at * (layout.dilations[axis] ?? 1));
    const ends = starts.map(
      (start, axis) => start + ((layout.counts[axis] ?? 1) - 1) * (layout.strides[axis] ?? 1) + 1,
    );
    return b.node("Slice", [padded, ...[starts, ends, axes, layout.strides].map((v) => b.ints(v))]);
  });
}

/**
 * The transpose of a convolution: what each window of `dy` [N, M, ...counts], times the weight
 * [M, C / group, ...kernel], adds to the elements under it. ONNX Runtime adds windows up fast along
 * two axes and three times slower along one, which is why one axis gets another of size 1.
 */
export function transposedConvolution(
  b: GraphBuilder,
  dy: string,
  weight: string,
  layout: Layout,
  group = 1,
): string {
  const isLine = layout.sizes.length === 1;
  const plane = (value: string): string =>
    isLine ? b.node("Unsqueeze", [value, b.ints([2])]) : value;
  const perAxis = (values: readonly number[], one: number): readonly number[] =>
    isLine ? [one, ...values] : values;
  const y = b.node("ConvTranspose", [plane(dy), plane(weight)], {
    group,
    strides: perAxis(layout.strides, 1),
    dilations: perAxis(layout.dilations, 1),
    pads: [...perAxis(layout.before, 0), ...perAxis(layout.behind.map(positive), 0)],
    output_padding: perAxis(
      layout.behind.map((pad) => positive(-pad)),
      0,
    ),
  });
  return isLine ? b.node("Squeeze", [y, b.ints([2])]) : y;
}

/** What each window holds, shared out alike: every element gets the sum of `dy` [N, C, ...counts] over the windows above it. */
export function spreadAlike(b: GraphBuilder, dy: string, layout: Layout): string {
  if (isTiled(layout)) return interleaved(b, [dy], layout);
  const cells = countOf(layout.kernel);
  const planes = b.node("Reshape", [dy, b.ints([-1, 1, ...layout.counts])]);
  const ones = constantLike(b, dy, [1, 1, ...layout.kernel], Array<number>(cells).fill(1));
  return asPlanesOf(b, transposedConvolution(b, planes, ones, layout), dy, layout);
}

/** Each element gets the sum of what the cells above it hold: the transpose of `elementsUnder`. */
export function spreadCells(b: GraphBuilder, cells: readonly string[], layout: Layout): string {
  if (isTiled(layout)) return interleaved(b, cells, layout);
  const planes = cells.map((cell) => b.node("Reshape", [cell, b.ints([-1, 1, ...layout.counts])]));
  const [first = ""] = cells;
  // Cell k of the kernel takes channel k and nothing else.
  const identity = constantLike(
    b,
    first,
    [cells.length, 1, ...layout.kernel],
    Array.from({ length: cells.length ** 2 }, (_, index) =>
      index % (cells.length + 1) === 0 ? 1 : 0,
    ),
  );
  const stacked = b.node("Concat", planes, { axis: 1 });
  return asPlanesOf(b, transposedConvolution(b, stacked, identity, layout), first, layout);
}

/** Windows side by side, without a gap or an overlap: every element lies under one cell. */
const isTiled = ({ kernel, strides, dilations, before, counts }: Layout): boolean =>
  kernel.every(
    (size, axis) =>
      (size === strides[axis] || counts[axis] === 1) &&
      (dilations[axis] === 1 || size === 1) &&
      before[axis] === 0,
  );

/** The cells of tiled windows, put together axis by axis from the last on. One cell stands for all. */
function interleaved(b: GraphBuilder, cells: readonly string[], layout: Layout): string {
  const { kernel, counts, behind } = layout;
  let parts = cells;
  for (let axis = kernel.length - 1; axis >= 0; axis -= 1) {
    const size = kernel[axis] ?? 1;
    if (size === 1) continue;
    const shape = counts.map((count, other) => count * (other >= axis ? (kernel[other] ?? 1) : 1));
    const columns = parts.map((part) => b.node("Unsqueeze", [part, b.ints([axis + 3])]));
    const rows =
      cells.length === 1 ? [Array<string>(size).fill(columns[0] ?? "")] : chunks(columns, size);
    parts = rows.map((row) => {
      const joined = b.node("Concat", row, { axis: axis + 3 });
      return b.node("Reshape", [joined, b.ints([0, 0, ...shape])]);
    });
  }
  const [whole = ""] = parts;
  return behind.every((pad) => pad === 0)
    ? whole
    : b.node("Pad", [
        whole,
        b.ints([0, 0, ...behind.map(() => 0), 0, 0, ...behind.map((pad) => -pad)]),
      ]);
}

const chunks = (values: readonly string[], size: number): string[][] =>
  Array.from({ length: values.length / size }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );

/** The positions in a kernel, row by row. */
export const cellsOf = (kernel: readonly number[]): number[][] =>
  kernel.reduce<number[][]>(
    (cells, size) =>
      cells.flatMap((cell) => Array.from({ length: size }, (_, at) => [...cell, at])),
    [[]],
  );

function withPads(b: GraphBuilder, x: string, layout: Layout, padding: number): string {
  const behind = layout.behind.map(positive);
  if ([...layout.before, ...behind].every((pad) => pad === 0)) return x;
  const others = Array<number>(b.shapeOf(x).length - behind.length).fill(0);
  const pads = b.ints([...others, ...layout.before, ...others, ...behind]);
  return b.node("Pad", padding === 0 ? [x, pads] : [x, pads, scalarLike(b, x, padding)]);
}

function asPlanesOf(b: GraphBuilder, value: string, like: string, layout: Layout): string {
  const [, channels] = b.shapeOf(like);
  if (typeof channels === "number")
    return b.node("Reshape", [value, b.ints([-1, channels, ...layout.sizes])]);
  const front = b.node("Shape", [like], { start: 0, end: 2 });
  const shape = b.node("Concat", [front, b.ints(layout.sizes)], { axis: 0 });
  return b.node("Reshape", [value, shape]);
}

/** A constant of the type of another tensor. */
export function constantLike(
  b: GraphBuilder,
  like: string,
  dims: number[],
  values: readonly number[],
): string {
  const constant = b.constant(floatTensor(dims, values));
  return b.tensorOf(like).type === "float32" ? constant : b.node("CastLike", [constant, like]);
}

const spatialAxes = (b: GraphBuilder, x: string, { sizes }: Layout): number[] =>
  sizes.map((_, axis) => b.shapeOf(x).length - sizes.length + axis);

const positive = (pad: number): number => Math.max(0, pad);
