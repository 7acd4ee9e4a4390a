import { describe, expect, test } from "vitest";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { differentiate } from "../../../../domain/onnx/gradient/differentiate.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { OnnxFault } from "../../../../domain/onnx/onnx-fault.ts";
import { checkGradient, type GradientCase } from "../support/gradient-check.ts";
import { normals, randomOf } from "../support/random-numbers.ts";
import { between, describeWindows, randomWindows } from "../support/random-windows.ts";
import { checkOnWasm } from "../support/wasm-check.ts";

const random = randomOf("convolution");

type Groups = { group?: number; channels?: number; maps?: number };

/**
 * x [2, group * channels, ...], and a weight and bias of `group * maps` output channels. A
 * `ConvTranspose` has its weight the other way round.
 */
function caseOf(
  operator: "Conv" | "ConvTranspose",
  name: string,
  sizes: readonly number[],
  kernel: readonly number[],
  attributes: AttributeLiterals,
  { group = 1, channels = 2, maps = 2 }: Groups = {},
): GradientCase {
  const filters = operator === "Conv" ? [group * maps, channels] : [group * channels, maps];
  return {
    name,
    inputs: {
      x: normals(random, [2, group * channels, ...sizes]),
      w: normals(random, [...filters, ...kernel]),
      bias: normals(random, [group * maps]),
    },
    build: (b) => b.node(operator, ["x", "w", "bias"], { ...attributes, group }),
  };
}

const convolutionCase = caseOf.bind(null, "Conv");
const transposedCase = caseOf.bind(null, "ConvTranspose");

const RANDOM: GradientCase[] = Array.from({ length: 14 }, (_, index) => {
  const { sizes, ...attributes } = randomWindows(random, index % 2 === 0 ? 1 : 2);
  const groups = {
    group: between(random, 1, 2),
    channels: between(random, 1, 2),
    maps: between(random, 1, 2),
  };
  const described = describeWindows({ sizes, ...attributes }, `, ${JSON.stringify(groups)}`);
  return convolutionCase(described, sizes, attributes.kernel_shape, attributes, groups);
});

const CASES: GradientCase[] = [
  convolutionCase("one axis", [7], [3], { pads: [1, 1] }),
  convolutionCase("two axes", [4, 5], [3, 2], {}),
  convolutionCase(
    "three axes",
    [3, 2, 3],
    [2, 1, 2],
    { pads: [1, 0, 0, 0, 0, 1] },
    { channels: 1 },
  ),
  convolutionCase("a stride beyond the kernel", [8], [2], { strides: [3] }),
  convolutionCase("a kernel of one element", [3, 3], [1, 1], {}),
  convolutionCase("a kernel of one element with a stride", [5], [1], { strides: [2] }),
  convolutionCase("pads beyond the kernel", [3], [2], { pads: [3, 2] }),
  convolutionCase("dilations and strides", [9], [3], {
    dilations: [2],
    strides: [2],
    pads: [2, 1],
  }),
  convolutionCase("SAME_UPPER", [5, 4], [2, 3], { auto_pad: "SAME_UPPER", strides: [2, 1] }),
  convolutionCase("SAME_LOWER", [6], [4], { auto_pad: "SAME_LOWER" }),
  convolutionCase("VALID", [6], [4], { auto_pad: "VALID" }),
  convolutionCase("depthwise", [6], [3], { pads: [1, 1] }, { group: 3, channels: 1, maps: 1 }),
  convolutionCase("depthwise with a multiplier", [3, 3], [2, 2], {}, { group: 2, channels: 1 }),
];

const TRANSPOSED: GradientCase[] = [
  transposedCase("one axis", [4], [3], {}),
  transposedCase("two axes", [2, 3], [3, 2], { strides: [2, 1], pads: [1, 0, 1, 1] }),
  transposedCase("groups", [4], [3], { strides: [2] }, { group: 2, channels: 1 }),
  transposedCase("dilations", [4], [3], { dilations: [2], strides: [2], pads: [1, 2] }),
  transposedCase("output_padding", [3], [3], { strides: [3], output_padding: [2] }),
  transposedCase("output_padding where nothing overlaps", [3], [1], {
    strides: [3],
    output_padding: [2],
  }),
  transposedCase("output_shape", [3, 3], [3, 3], { strides: [2, 2], output_shape: [6, 5] }),
  transposedCase("SAME_UPPER", [3], [3], { strides: [2], auto_pad: "SAME_UPPER" }),
  transposedCase("SAME_LOWER", [3], [3], { strides: [2], auto_pad: "SAME_LOWER" }),
];

describe("gradients of Conv", () => {
  test.each(CASES)("$name", checkGradient);
  test.each(RANDOM)("$name", checkGradient);

  test("a batch whose size is not known, with groups", () => {
    const known = convolutionCase("free batch", [5], [3], { pads: [1, 1] }, { group: 2 });
    const { x, w, bias } = known.inputs;
    if (!x || !w || !bias) throw new Error("an input is missing");
    checkGradient({
      name: "free batch",
      symbolic: true,
      inputs: { x },
      build: (b) => {
        const weight = b.constant({ type: "float64", dims: [...w.dims], data: w.data });
        return b.node("Conv", ["x", weight], { pads: [1, 1], group: 2 });
      },
    });
  });

  test("a weight through which a batch of unknown size went", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", ["batch", 2, 8]);
    b.input("w", "float32", [3, 2, 3]);
    const of = b.output(b.node("Conv", ["x", "w"]));
    const gradient = differentiate(b.model(), { of, with_respect_to: ["w"] });
    expect(gradient.graph.outputs.map(({ type }) => type)).toEqual([
      { kind: "tensor", elementType: "float32", shape: [3, 2, 3] },
    ]);
  });

  test("an axis of unknown size is named", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", ["batch", 2, "length"]);
    b.input("w", "float32", [3, 2, 3]);
    const of = b.output(b.node("Conv", ["x", "w"], {}, { name: "first" }));
    const make = (): unknown => differentiate(b.model(), { of, with_respect_to: ["x"] });
    expect(make).toThrow(OnnxFault);
    expect(make).toThrow(
      "no gradient reaches 'x' through Conv 'first': the sizes of 'x' behind the channels have to be known",
    );
  });
});

describe("gradients of ConvTranspose", () => {
  test.each(TRANSPOSED)("$name", checkGradient);

  // ONNX Runtime refuses it.
  test("an output that goes on beyond every window", () => {
    checkGradient(transposedCase("beyond", [3], [2], { strides: [2], output_shape: [11] }));
  });
});

describe("the emitted graphs on ONNX Runtime", () => {
  const profiles: GradientCase["profiles"] = ["wasm"];
  test.each([...CASES, ...RANDOM])("Conv: $name", (gradientCase) =>
    checkOnWasm({ ...gradientCase, profiles }),
  );
  test.each(TRANSPOSED)("ConvTranspose: $name", (gradientCase) =>
    checkOnWasm({ ...gradientCase, profiles }),
  );
});
