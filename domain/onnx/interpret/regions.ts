import { range } from "../axes.ts";
import { floatOf, intOf, intsOf, stringOf } from "../node.ts";
import { filled, indexOf, numbers, positionOf, type Numbers } from "./array.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";

/** He et al. 2017, Mask R-CNN: the mean or maximum of samples in each cell of a region. */
export const roiAlign: InterpreterRule = (call) => {
  const { node } = call;
  const x = call.numbers(0);
  const rois = call.numbers(1);
  const images = call.ints(2);
  const rows = intOf(node, "output_height", 1);
  const columns = intOf(node, "output_width", 1);
  const ratio = intOf(node, "sampling_ratio", 0);
  const scale = floatOf(node, "spatial_scale", 1);
  const isMean = stringOf(node, "mode", "avg") === "avg";
  const isHalfPixel =
    call.opset >= 16 &&
    stringOf(node, "coordinate_transformation_mode", "half_pixel") === "half_pixel";
  const dims = [rois.dims[0] ?? 0, x.dims[1] ?? 0, rows, columns];
  /** The coordinates of the samples of one cell along one axis. */
  const samples = (low: number, high: number, cell: number, cells: number): number[] => {
    const [start, end] = [low, high].map((at) => at * scale - (isHalfPixel ? 0.5 : 0));
    const extent = (end ?? 0) - (start ?? 0);
    const size = (isHalfPixel ? extent : Math.max(1, extent)) / cells;
    const count = ratio > 0 ? ratio : Math.ceil(size);
    return range(count).map((at) => (start ?? 0) + size * (cell + (at + 0.5) / count));
  };
  return filled(x.type, dims, (index) => {
    const [roi = 0, channel = 0, row = 0, column = 0] = positionOf(index, dims);
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = rois.data.slice(4 * roi, 4 * roi + 4);
    const ys = samples(y1, y2, row, rows);
    const xs = samples(x1, x2, column, columns);
    const parts = ys.flatMap((y) => xs.map((at) => corners(x, [images[roi] ?? 0, channel], y, at)));
    if (isMean)
      return parts.flat().reduce((sum, part) => sum + part, 0) / Math.max(1, parts.length);
    return parts.length === 0 ? 0 : Math.max(...parts.flat());
  });
};

/**
 * What the four neighbours of a point add to its bilinear interpolation; nothing more than one
 * element outside. ONNX takes the maximum over these, not over their sums.
 */
function corners(x: Numbers, place: readonly number[], y: number, at: number): number[] {
  const [height = 0, width = 0] = x.dims.slice(2);
  if (y < -1 || y > height || at < -1 || at > width) return [0];
  const along = (coordinate: number, size: number): [number, number][] => {
    const inside = Math.min(size - 1, Math.max(0, coordinate));
    const low = Math.floor(inside);
    return [
      [low, 1 - (inside - low)],
      [Math.min(size - 1, low + 1), inside - low],
    ];
  };
  return along(y, height).flatMap(([row, a]) =>
    along(at, width).map(
      ([column, b]) => a * b * (x.data[indexOf([...place, row, column], x.dims)] ?? 0),
    ),
  );
}

/** Girshick 2015, Fast R-CNN: the maximum of the elements in each cell of a region. */
export const maxRoiPool: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const rois = call.numbers(1);
  const [rows = 1, columns = 1] = intsOf(call.node, "pooled_shape") ?? [];
  const scale = floatOf(call.node, "spatial_scale", 1);
  const [, channels = 0, height = 0, width = 0] = x.dims;
  const dims = [rois.dims[0] ?? 0, channels, rows, columns];
  const cell = (low: number, high: number, at: number, cells: number, size: number): number[] => {
    const start = rounded(low * scale);
    const extent = Math.max(1, rounded(high * scale) - start + 1) / cells;
    const first = Math.max(0, start + Math.floor(at * extent));
    return range(Math.max(0, Math.min(size, start + Math.ceil((at + 1) * extent)) - first)).map(
      (step) => first + step,
    );
  };
  return filled(x.type, dims, (index) => {
    const [roi = 0, channel = 0, row = 0, column = 0] = positionOf(index, dims);
    const [image = 0, x1 = 0, y1 = 0, x2 = 0, y2 = 0] = rois.data.slice(5 * roi, 5 * roi + 5);
    const elements = cell(y1, y2, row, rows, height).flatMap((y) =>
      cell(x1, x2, column, columns, width).map(
        (at) => x.data[indexOf([image, channel, y, at], x.dims)] ?? 0,
      ),
    );
    return elements.length === 0 ? 0 : Math.max(...elements);
  });
};

/** The nearest whole number, halves away from zero. */
const rounded = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

type Box = { low: readonly number[]; high: readonly number[] };

export const nonMaxSuppression: InterpreterRule = (call) => {
  const boxes = call.numbers(0);
  const scores = call.numbers(1);
  const most = scalarIn(call, 2) ?? 0;
  const overlap = scalarIn(call, 3) ?? 0;
  const threshold = scalarIn(call, 4) ?? -Infinity;
  const isCentred = intOf(call.node, "center_point_box", 0) === 1;
  const [batches = 0, classes = 0, count = 0] = scores.dims;
  const selected = range(batches * classes).flatMap((group) => {
    const batch = Math.floor(group / classes);
    const score = (box: number): number => scores.data[group * count + box] ?? 0;
    const boxOf = (box: number): Box => {
      const first = 4 * (batch * count + box);
      return boxFrom(boxes.data.slice(first, first + 4), isCentred);
    };
    const kept: number[] = [];
    const order = range(count).filter((box) => score(box) > threshold);
    for (const box of order.toSorted((a, b) => score(b) - score(a) || a - b))
      if (kept.length < most && kept.every((other) => shared(boxOf(box), boxOf(other)) <= overlap))
        kept.push(box);
    return kept.map((box) => [batch, group % classes, box]);
  });
  return numbers("int64", [selected.length, 3], selected.flat());
};

const scalarIn = (call: InterpreterCall, index: number): number | undefined =>
  call.optional(index)?.data[0];

function boxFrom([a = 0, b = 0, c = 0, d = 0]: Float64Array, isCentred: boolean): Box {
  if (isCentred) return { low: [a - c / 2, b - d / 2], high: [a + c / 2, b + d / 2] };
  return { low: [Math.min(a, c), Math.min(b, d)], high: [Math.max(a, c), Math.max(b, d)] };
}

/** The intersection of two boxes over their union. */
function shared(a: Box, b: Box): number {
  const area = ({ low, high }: Box): number =>
    [0, 1].reduce((product, axis) => product * ((high[axis] ?? 0) - (low[axis] ?? 0)), 1);
  const low = a.low.map((at, axis) => Math.max(at, b.low[axis] ?? 0));
  const high = a.high.map((at, axis) => Math.min(at, b.high[axis] ?? 0));
  if (low.some((at, axis) => at >= (high[axis] ?? 0))) return 0;
  const intersection = area({ low, high });
  return intersection / (area(a) + area(b) - intersection);
}
