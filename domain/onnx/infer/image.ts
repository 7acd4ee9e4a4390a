import type { Dimension, Tensor } from "../../tensors/tensor.ts";
import { attributeOf, intOf, intsOf, stringOf } from "../node.ts";
import { resizeAxes, scaledSize } from "../resize.ts";
import { elementsOf } from "../stored-tensor.ts";
import { float16Value } from "../tensors.ts";
import { staticShape, tensorFact, type TensorFact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";
import { axesFrom, boundedRange, intsGiven, productOf, quotientOf, unknowns } from "./sizes.ts";

/** `Resize` and `Upsample`. */
const resize: InferenceRule = (call) => {
  const { node } = call;
  const { type, shape } = call.tensor(0);
  if (shape === null) return tensorFact(type, null);
  const isNew = node.opType === "Resize" && call.opset >= 11;
  const axes =
    axesFrom(call, intsOf(node, "axes") ?? boundedRange(shape.length), shape.length) ?? [];
  const sizes = isNew ? filledSizes(call, 3) : undefined;
  const scales = attributeOf(node, "scales", "floats") ?? floatsIn(call, isNew ? 2 : 1);
  const roi = isNew ? floatsIn(call, 1) : undefined;
  const isCropped = stringOf(node, "coordinate_transformation_mode", "") === "tf_crop_and_resize";
  const known = staticShape(shape);
  const fixed = sizes && staticShape(sizes);
  if (known && (fixed || (sizes === undefined && scales && (roi || !isCropped)))) {
    const given = { ...(fixed ? { sizes: fixed } : scales && { scales }), ...(roi && { roi }) };
    return tensorFact(
      type,
      resizeAxes(node, known, given).map(({ length }) => length),
    );
  }
  const isStretched = stringOf(node, "keep_aspect_ratio_policy", "stretch") === "stretch";
  if (sizes) return tensorFact(type, resized(shape, axes, isStretched ? sizes : []));
  const lengths = axes.map((axis, at) => scaled(shape[axis] ?? null, scales?.[at] ?? null));
  return tensorFact(type, resized(shape, axes, isCropped ? [] : lengths));
};

const scaled = (size: Dimension, scale: number | null): Dimension => {
  if (scale === 1) return size;
  return typeof size === "number" && scale !== null ? scaledSize(size, scale) : null;
};

/** Some axes with other sizes, unknown ones where none is given. */
const resized = (
  shape: readonly Dimension[],
  axes: readonly number[],
  sizes: readonly Dimension[],
): Dimension[] =>
  shape.map((size, axis) => (axes.includes(axis) ? (sizes[axes.indexOf(axis)] ?? null) : size));

/** An input of sizes, of which null stands for any number; an empty one is absent. */
function filledSizes(call: InferenceCall, index: number): readonly Dimension[] | undefined {
  const given = intsGiven(call, "", index);
  if (given === null) return [null];
  return given?.length === 0 ? undefined : given;
}

/** A constant of floats; undefined where it is absent, empty or not constant. */
function floatsIn(call: InferenceCall, index: number): readonly number[] | undefined {
  const stored = call.optional(index)?.constant;
  if (stored === undefined) return undefined;
  const { type, data }: Tensor = elementsOf(stored);
  const floats = Array.from<unknown, number>(data, Number);
  if (floats.length === 0) return undefined;
  return type === "float16" ? floats.map(float16Value) : floats;
}

const affineGrid: InferenceRule = (call) => {
  const { type, shape } = call.tensor(0);
  const rows = shape?.[1];
  const [batch, , ...sizes] = intsGiven(call, "", 1) ?? [];
  if (sizes.length > 0)
    return tensorFact(type, [batch ?? shape?.[0] ?? null, ...sizes, sizes.length]);
  if (typeof rows !== "number") return tensorFact(type, null);
  return tensorFact(type, [shape?.[0] ?? null, ...unknowns(rows), rows]);
};

const gridSample: InferenceRule = (call) => {
  const { type, shape } = call.tensor(0);
  const grid = call.shape(1);
  if (grid === null)
    return tensorFact(type, shape && [...shape.slice(0, 2), ...unknowns(shape.length - 2)]);
  if (shape !== null && shape.length !== grid.length)
    throw call.fault(`the input has rank ${shape.length} and the grid ${grid.length}`);
  return tensorFact(type, [
    shape?.[0] ?? grid[0] ?? null,
    shape?.[1] ?? null,
    ...grid.slice(1, -1),
  ]);
};

const roiAlign: InferenceRule = (call) => {
  const rows = intOf(call.node, "output_height", 1);
  const columns = intOf(call.node, "output_width", 1);
  return pooledRegions(call, [rows, columns]);
};

const maxRoiPool: InferenceRule = (call) =>
  pooledRegions(call, intsOf(call.node, "pooled_shape") ?? unknowns(2));

const pooledRegions = (call: InferenceCall, cells: readonly Dimension[]): TensorFact =>
  tensorFact(call.type(0), [call.shape(1)?.[0] ?? null, call.shape(0)?.[1] ?? null, ...cells]);

const centerCropPad: InferenceRule = (call) => {
  const { type, shape } = call.tensor(0);
  const sizes = intsGiven(call, "", 1) ?? null;
  const given = intsOf(call.node, "axes");
  if (shape === null) return tensorFact(type, given === undefined ? sizes : null);
  const axes = axesFrom(call, given ?? boundedRange(shape.length), shape.length) ?? [];
  if (sizes !== null && sizes.length !== axes.length)
    throw call.fault(`${sizes.length} sizes are given for ${axes.length} axes`);
  return tensorFact(type, resized(shape, axes, sizes ?? []));
};

const nonMaxSuppression: InferenceRule = () => tensorFact("int64", [null, 3]);

const col2Im: InferenceRule = (call) => {
  const { type, shape } = call.tensor(0);
  const image = intsGiven(call, "", 1);
  const block = intsGiven(call, "", 2);
  if (!image) return tensorFact(type, null);
  const channels = block ? quotientOf([shape?.[1] ?? null], [productOf(block)]) : null;
  return tensorFact(type, [shape?.[0] ?? null, channels, ...image]);
};

const imageDecoder: InferenceRule = (call) =>
  tensorFact("uint8", [
    null,
    null,
    stringOf(call.node, "pixel_format", "RGB") === "Grayscale" ? 1 : 3,
  ]);

export const IMAGE: Record<string, InferenceRule> = {
  AffineGrid: affineGrid,
  CenterCropPad: centerCropPad,
  Col2Im: col2Im,
  GridSample: gridSample,
  ImageDecoder: imageDecoder,
  MaxRoiPool: maxRoiPool,
  NonMaxSuppression: nonMaxSuppression,
  Resize: resize,
  RoiAlign: roiAlign,
  Upsample: resize,
};
