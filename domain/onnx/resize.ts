import { frontAxis, range } from "./axes.ts";
import type { Node } from "./model.ts";
import { floatOf, intOf, intsOf, stringOf } from "./node.ts";

/** How `Resize` or `Upsample` reads its input along one axis. */
export type AxisResize = {
  /** Elements before and after. */
  size: number;
  length: number;
  /** `length / size`, or the factor asked for, which may have left a fraction of an element over. */
  scale: number;
  /** The region that `tf_crop_and_resize` cuts out, as fractions of the axis. */
  start: number;
  end: number;
};

export type ResizeMethod = {
  mode: string;
  coordinates: string;
  rounding: string;
  cubicCoefficient: number;
  excludesOutside: boolean;
  antialiased: boolean;
  /** What stands outside the region of `tf_crop_and_resize`. */
  extrapolation: number;
};

/** What an element after is made of, as indices and weights before; null where it lies outside. */
export type ResizeRow = readonly { index: number; weight: number }[] | null;

/**
 * The method of a node. Versions before 11 have no attribute for coordinates: they divide by the
 * scale, and take the element below when they enlarge, the one above when they shrink (as ONNX
 * Runtime reads them).
 */
export function resizeMethod(node: Node, opset: number): ResizeMethod {
  const isOld = opset < 11 || node.opType === "Upsample";
  return {
    mode: stringOf(node, "mode", "nearest"),
    coordinates: isOld
      ? "asymmetric"
      : stringOf(node, "coordinate_transformation_mode", "half_pixel"),
    rounding: isOld ? "simple" : stringOf(node, "nearest_mode", "round_prefer_floor"),
    cubicCoefficient: floatOf(node, "cubic_coeff_a", -0.75),
    excludesOutside: intOf(node, "exclude_outside", 0) === 1,
    antialiased: intOf(node, "antialias", 0) === 1,
    extrapolation: floatOf(node, "extrapolation_value", 0),
  };
}

/**
 * Every axis of a tensor with the sizes `dims`, as `scales` or `sizes` (one of them, for each of the
 * node's axes) and `roi` say.
 */
export function resizeAxes(
  node: Node,
  dims: readonly number[],
  given: { scales?: readonly number[]; sizes?: readonly number[]; roi?: readonly number[] },
): AxisResize[] {
  const rank = dims.length;
  const axes = (intsOf(node, "axes") ?? range(rank)).map((axis) => frontAxis(axis, rank));
  const isCropped =
    stringOf(node, "coordinate_transformation_mode", "half_pixel") === "tf_crop_and_resize";
  const ratios = axes.map((axis, at) => (given.sizes?.[at] ?? 0) / (dims[axis] ?? 1));
  const policy = stringOf(node, "keep_aspect_ratio_policy", "stretch");
  return dims.map((size, axis) => {
    const at = axes.indexOf(axis);
    if (at === -1) return { size, length: size, scale: 1, start: 0, end: 1 };
    const region = isCropped
      ? { start: given.roi?.[at] ?? 0, end: given.roi?.[at + axes.length] ?? 1 }
      : { start: 0, end: 1 };
    if (given.sizes === undefined) {
      const scale = given.scales?.[at] ?? 1;
      return {
        size,
        length: scaledSize(size, scale * (region.end - region.start)),
        scale,
        ...region,
      };
    }
    const length =
      policy === "stretch"
        ? (given.sizes[at] ?? size)
        : Math.floor(size * (policy === "not_larger" ? Math.min : Math.max)(...ratios) + 0.5);
    return { size, length, scale: length / size, ...region };
  });
}

/** As ONNX Runtime and ONNX's own inference compute it, in float32. */
export const scaledSize = (size: number, scale: number): number =>
  Math.floor(Math.fround(size * Math.fround(scale)));

/** What each element after is made of, along one axis. */
export function resizeRows(axis: AxisResize, method: ResizeMethod): ResizeRow[] {
  return Array.from({ length: axis.length }, (_, at) => {
    const from = coordinateBefore(axis, at, method.coordinates);
    const last = axis.size - 1;
    if (method.coordinates === "tf_crop_and_resize" && (from < 0 || from > last)) return null;
    const within = (index: number): number => Math.min(last, Math.max(0, index));
    if (method.mode === "nearest")
      return [{ index: within(nearest(from, axis.scale, method.rounding)), weight: 1 }];
    const weighed = weightsAround(from, axis.scale, method).filter(
      ({ index }) => !method.excludesOutside || index === within(index),
    );
    const total = weighed.reduce((sum, { weight }) => sum + weight, 0);
    return weighed.map(({ index, weight }) => ({ index: within(index), weight: weight / total }));
  });
}

/** Where the element at `at` after lies before, in units of elements. */
function coordinateBefore(axis: AxisResize, at: number, coordinates: string): number {
  const { size, length, scale, start, end } = axis;
  const halfPixel = (at + 0.5) / scale - 0.5;
  switch (coordinates) {
    case "asymmetric":
      return at / scale;
    case "pytorch_half_pixel":
      return length > 1 ? halfPixel : 0;
    case "half_pixel_symmetric":
      return (size / 2) * (1 - length / (scale * size)) + halfPixel;
    case "align_corners":
      return length === 1 ? 0 : (at * (size - 1)) / (scale * size - 1);
    case "tf_crop_and_resize":
      return length > 1
        ? start * (size - 1) + (at * (end - start) * (size - 1)) / (length - 1)
        : 0.5 * (start + end) * (size - 1);
    case "tf_half_pixel_for_nn":
      return (at + 0.5) / scale;
    default:
      return halfPixel;
  }
}

function nearest(from: number, scale: number, rounding: string): number {
  switch (rounding) {
    case "floor":
      return Math.floor(from);
    case "ceil":
      return Math.ceil(from);
    case "round_prefer_ceil":
      return Math.floor(from + 0.5);
    case "simple":
      return scale < 1 ? Math.ceil(from) : Math.floor(from);
    default:
      return Math.ceil(from - 0.5);
  }
}

/** The kernel at each element around; widened against aliasing where the axis shrinks. */
function weightsAround(
  from: number,
  scale: number,
  { mode, antialiased, cubicCoefficient }: ResizeMethod,
): { index: number; weight: number }[] {
  const stretch = antialiased ? Math.min(1, scale) : 1;
  const reach = (mode === "cubic" ? 2 : 1) / stretch;
  const first = Math.ceil(from - reach);
  return Array.from({ length: Math.floor(from + reach) - first + 1 }, (_, at) => {
    const distance = Math.abs(from - first - at) * stretch;
    const weight =
      mode === "cubic" ? cubicKernel(distance, cubicCoefficient) : Math.max(0, 1 - distance);
    return { index: first + at, weight };
  });
}

/** Keys (1981), equation 4: `a` is the slope at distance 1. */
export function cubicKernel(distance: number, a: number): number {
  if (distance >= 2) return 0;
  if (distance >= 1) return ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a;
  return ((a + 2) * distance - (a + 3)) * distance ** 2 + 1;
}
