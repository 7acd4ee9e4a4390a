import { writeModel } from "../../onnx/codec/onnx-file.ts";
import { gradientName } from "../../onnx/gradient/differentiate.ts";
import type { Model } from "../../onnx/model.ts";
import { resizeRows, type ResizeMethod } from "../../onnx/resize.ts";
import { openModel, type Runtime } from "../../onnx/runtime.ts";
import { numberAt } from "../../onnx/scores.ts";
import { countOf, type Tensor } from "../../tensors/tensor.ts";
import { ExplainFault } from "../explain-fault.ts";
import { feedsOf, type RowLayout, type Rows } from "../rows.ts";
import type { Target } from "../score.ts";
import { refuseOddNumbers } from "./each-gradient.ts";
import { gradientGraph, rowModel, widthOf } from "./gradient-graph.ts";
import { weightsOf } from "./score-gradient.ts";
import { layerOf, mapShape, positionsBefore } from "./spatial-layers.ts";

/** Where a convolutional network looks for a class. */
export type Cam = {
  /** The tensor whose channels were weighed. */
  layer: string;
  /** The input over whose positions it lies; null where no input has such axes: then over the layer's own. */
  input: string | null;
  /** The sizes of the positions: [length] or [height, width]. */
  shape: readonly number[];
  /** For each position, row-major, in units of the score; channels share it. */
  cam: Float64Array;
  score: number;
};

export type GradCam = {
  readonly layer: string;
  run(instance: Rows, options?: { relu?: boolean }): Promise<Cam>;
  release(): void | Promise<void>;
};

/** Between the middles of positions, as images are resized. */
const LINEAR: ResizeMethod = {
  mode: "linear",
  coordinates: "half_pixel",
  rounding: "",
  cubicCoefficient: 0,
  excludesOutside: false,
  antialiased: false,
  extrapolation: 0,
};

/**
 * Grad-CAM (Selvaraju et al. 2017) for signals, images and volumes: the channels of a layer summed,
 * each by the mean slope of the score in it, without what is below 0 unless `relu` is false, and
 * brought to the size of the input. `layer` names a node or a tensor; without it the last feature
 * maps count that lead to the target. Throws `ExplainFault` as `layerOf` and `openScoreGradient` do.
 */
export async function openGradCam(
  runtime: Runtime,
  model: Model,
  layout: RowLayout,
  target: Target,
  options: { layer?: string; ran?: (rows: number) => void } = {},
): Promise<GradCam> {
  const { ran } = options;
  const rows = rowModel(model, layout);
  widthOf(rows, target.output);
  const layer = layerOf(rows, target.output, options.layer);
  const graph = gradientGraph(rows, target.output, {
    tensors: [layer],
    keep: [layer],
    profile: runtime.profile,
  });
  const weights = weightsOf(graph, target.output, new Map([[target.index, 1]]));
  const [, ...sizes] = mapShape(rows, layer) ?? [];
  const place = positionsBefore(rows, layout, layer, sizes.length);
  const open = await openModel(runtime, writeModel(graph.model));

  async function run(instance: Rows, { relu = true }: { relu?: boolean } = {}): Promise<Cam> {
    refuseOddNumbers(layout, instance, 1);
    const feeds = feedsOf(layout, instance, 0, 1, graph.fixed_batch);
    const names = [graph.score, layer, gradientName(layer)];
    const found = await open.run({ ...feeds, [graph.weights]: weights }, names);
    ran?.(1);
    const [score, maps, slopes] = names.map((name) => found[name]);
    if (!score || !maps || !slopes) throw new Error(`the graph gives no ${names.join(", ")}`);
    const heat = weighedChannels(maps, slopes, relu);
    const cam = place === null ? heat : resized(heat, sizes, place.shape);
    refuseOdd(cam, layer);
    return {
      layer,
      input: place?.input ?? null,
      shape: place?.shape ?? sizes,
      cam,
      score: numberAt(score, 0),
    };
  }
  return { layer, run, release: () => open.release() };
}

/** The sum over channels of the first row's maps, each times the mean of its slopes. */
function weighedChannels(maps: Tensor, slopes: Tensor, relu: boolean): Float64Array {
  const [, channels = 0, ...sizes] = maps.dims;
  const positions = countOf(sizes);
  const heat = new Float64Array(positions);
  for (let channel = 0; channel < channels; channel += 1) {
    const start = channel * positions;
    let sum = 0;
    for (let at = start; at < start + positions; at += 1) sum += numberAt(slopes, at);
    for (let at = 0; at < positions; at += 1)
      heat[at] = (heat[at] ?? 0) + (sum / positions) * numberAt(maps, start + at);
  }
  return relu ? heat.map((value) => Math.max(0, value)) : heat;
}

/** Linear along each axis in turn, which is bilinear over two. */
function resized(
  values: Float64Array,
  from: readonly number[],
  to: readonly number[],
): Float64Array {
  let [now, sizes] = [values, [...from]];
  for (const [axis, length] of to.entries()) {
    const size = sizes[axis] ?? 1;
    if (size === length) continue;
    const made = resizeRows({ size, length, scale: length / size, start: 0, end: 1 }, LINEAR);
    const inner = countOf(sizes.slice(axis + 1));
    const outer = countOf(sizes.slice(0, axis));
    const next = new Float64Array(outer * length * inner);
    for (let block = 0; block < outer; block += 1)
      for (const [at, parts] of made.entries())
        for (const { index, weight } of parts ?? [])
          for (let element = 0; element < inner; element += 1) {
            const to = (block * length + at) * inner + element;
            const value = now[(block * size + index) * inner + element] ?? 0;
            next[to] = (next[to] ?? 0) + weight * value;
          }
    now = next;
    sizes = sizes.with(axis, length);
  }
  return now;
}

function refuseOdd(cam: Float64Array, layer: string): void {
  if (cam.every((value) => Number.isFinite(value))) return;
  throw new ExplainFault(
    "value_invalid",
    `layer '${layer}' or its slopes have numbers that are not finite for this instance`,
  );
}
