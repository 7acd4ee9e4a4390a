import { describe, expect, test } from "vitest";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import { openGradCam, type Cam } from "../../../../domain/explain/gradients/grad-cam.ts";
import type { RowLayout } from "../../../../domain/explain/rows.ts";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { buildNetwork } from "../../../../domain/onnx/train/architectures/build-network.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";
import { layoutWith } from "./gradients-of.ts";

/** A matched filter each: a pulse up and down, and three ups. Both have the same energy. */
const DOUBLET = [Math.SQRT1_2 * Math.sqrt(3), -Math.SQRT1_2 * Math.sqrt(3), 0];
const PLATEAU = [1, 1, 1];
const ACROSS = [0, 0, 0, 1, 1, 1, 0, 0, 0];
const DOWN = [0, 1, 0, 0, 1, 0, 0, 1, 0];

/** Two filters that answer where their pattern is, and a class for each: the mean of its map. */
function detector(
  b: GraphBuilder,
  x: string,
  kernel: number[],
  filters: readonly (readonly number[])[],
  options: { strides?: number[] } = {},
): string {
  const pads = kernel.flatMap(() => [1, 1]);
  const attributes: AttributeLiterals = { kernel_shape: kernel, pads, ...options };
  const weights = b.constant(floatTensor([2, 1, ...kernel], filters.flat()));
  const bias = b.constant(floatTensor([2], [-2.5, -2.5]));
  const found = b.node("Conv", [x, weights, bias], attributes, { name: "detect", output: "found" });
  return b.node("Relu", [found], {}, { name: "rectify", output: "there" });
}

const decide = (b: GraphBuilder, maps: string): string =>
  b.output(
    b.node("Softmax", [b.node("Flatten", [b.node("GlobalAveragePool", [maps])])], { axis: 1 }),
    "probabilities",
  );

function signalModel(strides = [1]): Model {
  const b = GraphBuilder.empty();
  const x = b.input("signal", "float32", ["batch", 1, 32]);
  decide(b, detector(b, x, [3], [DOUBLET, PLATEAU], { strides }));
  return b.model();
}

/** The doublet around 8 and the plateau around 20. */
function signal(): Float32Array {
  const values = new Float32Array(32);
  values.set(DOUBLET, 7);
  values.set(PLATEAU, 19);
  return values;
}

const SIGNAL = layoutWith({ name: "signal", shape: [1, 32] });
const IMAGE = layoutWith({ name: "image", shape: [1, 12, 16] });

function image(): Float32Array {
  const values = new Float32Array(12 * 16);
  // A line across around row 3, column 4, and one down around row 8, column 11.
  for (const at of [-1, 0, 1]) {
    values[3 * 16 + 4 + at] = 1;
    values[(8 + at) * 16 + 11] = 1;
  }
  return values;
}

function imageModel(
  before: (b: GraphBuilder) => string = (b) => b.input("image", "float32", ["batch", 1, 12, 16]),
): Model {
  const b = GraphBuilder.empty();
  decide(b, detector(b, before(b), [3, 3], [ACROSS, DOWN]));
  return b.model();
}

async function camOf(
  model: Model,
  layout: RowLayout,
  instance: Float32Array,
  options: { index?: number; layer?: string; relu?: boolean; output?: string } = {},
): Promise<Cam> {
  const { index = 0, layer, relu = true, output = "probabilities" } = options;
  const given = layer === undefined ? {} : { layer };
  const open = await openGradCam(wasmRuntime, model, layout, { output, index }, given);
  try {
    return await open.run(instance, { relu });
  } finally {
    await open.release();
  }
}

/** The positions with any heat, as [row, column] or [place]. */
const hotIn = ({ cam, shape }: Cam): number[][] =>
  [...cam].flatMap((value, at) =>
    value > 0
      ? [shape.length === 1 ? [at] : [Math.floor(at / (shape[1] ?? 1)), at % (shape[1] ?? 1)]]
      : [],
  );

describe("Grad-CAM", () => {
  test("of a signal lies where the pattern of the class is, and nowhere else", async () => {
    const first = await camOf(signalModel(), SIGNAL, signal());
    expect(first).toMatchObject({ layer: "there", input: "signal", shape: [32] });
    expect(hotIn(first)).toEqual([[8]]);
    expect(hotIn(await camOf(signalModel(), SIGNAL, signal(), { index: 1 }))).toEqual([[20]]);
  });

  test("weighs each channel by the mean slope of the score in it", async () => {
    // Both maps have one peak of 0.5 among 32: the logits are 1/64 each, the probabilities a half.
    const { cam, score } = await camOf(signalModel(), SIGNAL, signal(), { relu: false });
    expect(score).toBeCloseTo(0.5, 6);
    const slope = (0.5 * 0.5) / 32;
    expect(cam[8]).toBeCloseTo(slope * 0.5, 8);
    expect(cam[20]).toBeCloseTo(-slope * 0.5, 8);
    expect([...cam].filter((value) => Math.abs(value) > 1e-9).length).toBe(2);
  });

  test("of an image lies where the line of the class is", async () => {
    const first = await camOf(imageModel(), IMAGE, image());
    expect(first).toMatchObject({ layer: "there", input: "image", shape: [12, 16] });
    expect(hotIn(first)).toEqual([[3, 4]]);
    expect(hotIn(await camOf(imageModel(), IMAGE, image(), { index: 1 }))).toEqual([[8, 11]]);
  });

  test("of a coarser layer is spread over the positions that it stands for", async () => {
    const { cam, shape } = await camOf(signalModel([2]), SIGNAL, signal());
    expect(shape).toEqual([32]);
    // Position 4 of 16 stands for 8 and 9 of 32, and shares what is between it and its neighbours.
    const peak = (cam[8] ?? NaN) / 0.75;
    for (const [at, share] of [0, 0.25, 0.75, 0.75, 0.25, 0].entries())
      expect((cam[6 + at] ?? NaN) / peak, `${6 + at}`).toBeCloseTo(share, 5);
    expect(peak).toBeGreaterThan(0);
  });

  test("reads images whose channels come last, and images without channels", async () => {
    const last = imageModel((b) => {
      const image = b.input("image", "float32", ["batch", 12, 16, 2]);
      const first = b.node("Transpose", [image], { perm: [0, 3, 1, 2] });
      return b.node("ReduceSum", [first, b.ints([1])]);
    });
    const grey = imageModel((b) =>
      b.node("Reshape", [
        b.input("image", "float32", ["batch", 12, 16, 1]),
        b.ints([0, 1, 12, 16]),
      ]),
    );
    const none = imageModel((b) =>
      b.node("Unsqueeze", [b.input("image", "float32", ["batch", 12, 16]), b.ints([1])]),
    );
    const halves = Float32Array.from(
      { length: 2 * 12 * 16 },
      (_, at) => (image()[at >> 1] ?? 0) / 2,
    );
    for (const [model, shape, instance] of [
      [last, [12, 16, 2], halves],
      [grey, [12, 16, 1], image()],
      [none, [12, 16], image()],
    ] as const) {
      const layout = layoutWith({ name: "image", shape: [...shape] });
      const found = await camOf(model, layout, instance, { index: 1 });
      expect(found).toMatchObject({ input: "image", shape: [12, 16] });
      expect(hotIn(found)).toEqual([[8, 11]]);
    }
  });

  test("keeps to the layer's own positions where no input has such axes", async () => {
    const model = imageModel((b) => {
      const flat = b.input("image", "float32", ["batch", 12 * 16]);
      return b.node("Reshape", [flat, b.ints([0, 1, 12, 16])]);
    });
    const found = await camOf(model, layoutWith({ name: "image", shape: [192] }), image());
    expect(found).toMatchObject({ input: null, shape: [12, 16] });
    expect(hotIn(found)).toEqual([[3, 4]]);
  });

  test("takes the last feature maps with positions: after a residual sum, before a head of one position", async () => {
    const network = buildNetwork({
      architecture: { kind: "resnet1d", channels: [4, 8], blocks: 1 },
      input: { channels: 2, length: 16 },
      output: { classes: 2 },
    });
    const layout = layoutWith({ name: "signal", shape: [2, 16] });
    const options = { output: "probabilities", index: 0 };
    const open = await openGradCam(wasmRuntime, network, layout, options);
    await open.release();
    const maker = network.graph.nodes.find(({ outputs }) => outputs[0] === open.layer);
    expect(maker?.opType).toBe("Relu");
    const adder = network.graph.nodes.findLast(({ opType }) => opType === "Add");
    expect(maker?.inputs).toEqual(adder?.outputs);

    const b = GraphBuilder.empty();
    const maps = detector(
      b,
      b.input("signal", "float32", ["batch", 1, 32]),
      [3],
      [DOUBLET, PLATEAU],
    );
    const pooled = b.node("GlobalAveragePool", [maps]);
    const head = b.constant(floatTensor([2, 2, 1], [1, 0, 0, 1]));
    b.output(b.node("Flatten", [b.node("Conv", [pooled, head])]), "probabilities");
    expect((await camOf(b.model(), SIGNAL, signal())).layer).toBe("there");
  });

  test("takes the layer that is asked for, by the name of its node or its tensor", async () => {
    for (const layer of ["detect", "found"]) {
      const found = await camOf(signalModel(), SIGNAL, signal(), { layer });
      expect(found.layer).toBe("found");
      expect(found.cam.indexOf(Math.max(...found.cam))).toBe(8);
    }
  });

  test("what cannot be shown is refused by name", async () => {
    const refused = async (...given: Parameters<typeof camOf>) => {
      const error = await camOf(...given).catch((caught: unknown) => caught);
      if (!(error instanceof ExplainFault)) throw new Error(`no ExplainFault: ${String(error)}`);
      return [error.problem.code, error.problem.message];
    };
    const layer = (name: string) => refused(signalModel(), SIGNAL, signal(), { layer: name });
    expect(await layer("rectifier")).toEqual([
      "target_unknown",
      "the model has no layer 'rectifier'; of those with positions there are found, there",
    ]);
    expect((await layer("probabilities"))[0]).toBe("target_unknown");

    const b = GraphBuilder.empty();
    const x = b.input("signal", "float32", ["batch", 1, 32]);
    decide(b, detector(b, x, [3], [DOUBLET, PLATEAU]));
    b.output(b.node("Relu", ["found"], {}, { name: "beside" }), "other");
    const beside = await refused(b.model(), SIGNAL, signal(), { layer: "beside" });
    expect(beside[0]).toBe("gradient_missing");

    const mlp = buildNetwork({
      architecture: { kind: "mlp" },
      input: { features: 4 },
      output: { classes: 2 },
    });
    const features = layoutWith({ name: "features", shape: [4] });
    expect((await refused(mlp, features, new Float32Array(4)))[0]).toBe("method_unsupported");
    const odd = signal().fill(NaN, 3, 4);
    expect((await refused(signalModel(), SIGNAL, odd))[0]).toBe("value_invalid");
    expect((await refused(signalModel(), SIGNAL, signal(), { index: 2 }))[0]).toBe(
      "target_unknown",
    );
    expect((await refused(signalModel(), SIGNAL, signal(), { output: "y" }))[0]).toBe(
      "target_unknown",
    );
  });
});
