import { describe, expect, test } from "vitest";
import { differentiate } from "../../../../domain/onnx/gradient/differentiate.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { numbers } from "../../../../domain/onnx/interpret/array.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { checkGradient } from "../support/gradient-check.ts";
import { normals, randomOf } from "../support/random-numbers.ts";

const random = randomOf("image");

const METHODS = [
  { mode: "nearest" },
  { mode: "nearest", nearest_mode: "ceil", coordinate_transformation_mode: "asymmetric" },
  { mode: "linear" },
  { mode: "linear", coordinate_transformation_mode: "align_corners" },
  { mode: "linear", coordinate_transformation_mode: "pytorch_half_pixel" },
  { mode: "linear", coordinate_transformation_mode: "half_pixel_symmetric" },
  { mode: "linear", antialias: 1 },
  { mode: "cubic", cubic_coeff_a: -0.5 },
  { mode: "cubic", exclude_outside: 1 },
  { mode: "cubic", antialias: 1, coordinate_transformation_mode: "asymmetric" },
];

describe.each(METHODS)("gradients of Resize, %j", (attributes) => {
  test("to sizes, larger and smaller, of an image with a symbolic batch", () => {
    checkGradient({
      name: `Resize sizes ${JSON.stringify(attributes)}`,
      inputs: { x: normals(random, [2, 1, 3, 4]) },
      build: (b) =>
        b.node("Resize", ["x", "", "", b.ints([5, 2])], { ...attributes, axes: [2, 3] }),
      symbolic: true,
    });
  });

  test("by scales along every axis", () => {
    checkGradient({
      name: `Resize scales ${JSON.stringify(attributes)}`,
      inputs: { x: normals(random, [1, 2, 2, 4]) },
      build: (b) => {
        const scales = b.constant(floatTensor([4], [1, 2, 1.5, 0.5]));
        return b.node("Resize", ["x", "", scales], attributes);
      },
    });
  });
});

describe("gradients of Resize", () => {
  test("to the batch that it has", () => {
    checkGradient({
      name: "Resize symbolic sizes",
      inputs: { x: normals(random, [2, 3, 4]) },
      build: (b) => {
        const batch = b.node("Shape", ["x"], { start: 0, end: 2 });
        const sizes = b.node("Concat", [batch, b.ints([7])], { axis: 0 });
        return b.node("Resize", ["x", "", "", sizes], { mode: "linear" });
      },
      symbolic: true,
    });
  });

  test("of a region that goes beyond the image", () => {
    checkGradient({
      name: "Resize crop",
      inputs: { x: normals(random, [1, 1, 4, 4]) },
      build: (b) => {
        const roi = b.constant(floatTensor([4], [0.2, -0.3, 0.9, 0.8]));
        return b.node("Resize", ["x", roi, "", b.ints([3, 5])], {
          mode: "linear",
          coordinate_transformation_mode: "tf_crop_and_resize",
          axes: [2, 3],
          extrapolation_value: 4,
        });
      },
    });
  });

  test("a size that is known only at run time is named", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [1, 1, "height", 4]);
    const scales = b.constant(floatTensor([4], [1, 1, 2, 2]));
    const y = b.node("Resize", ["x", "", scales], { mode: "linear" });
    b.output(y);
    expect(() => differentiate(b.model(), { of: y, with_respect_to: ["x"] })).toThrow(
      /axis 2 of 'x'/,
    );
  });
});

describe.each([
  ["linear", "zeros", 0],
  ["linear", "zeros", 1],
  ["linear", "border", 0],
  ["linear", "border", 1],
  ["nearest", "zeros", 0],
  ["nearest", "border", 1],
] as const)("gradients of GridSample, %s, %s, align_corners %i", (mode, padding_mode, align) => {
  test.each([2, 3])("of rank %i", (rank) => {
    const sizes = [3, 4, 2].slice(0, rank);
    // Points in and around the image, and none within a thousandth of an element.
    const points = Array.from({ length: 2 * 5 * rank }, (_, at) => {
      const size = sizes[rank - 1 - (at % rank)] ?? 1;
      const unit = (align ? size - 1 : size) / 2;
      const half = random.integer(2 * size + 2) - 1;
      const place = half / 2 + 0.03 + 0.4 * random.uniform();
      return (place - (size - 1) / 2) / unit;
    });
    const grid = numbers("float64", [2, ...[1, 1, 5].slice(3 - rank), rank], points);
    checkGradient({
      name: `GridSample ${mode} ${padding_mode} ${align} ${rank}`,
      inputs: { x: normals(random, [2, 3, ...sizes]), grid },
      build: (b) =>
        b.node("GridSample", ["x", "grid"], { mode, padding_mode, align_corners: align }),
      symbolic: true,
    });
  });
});

test.each([undefined, [1, 2]])("gradients of CenterCropPad along %j", (axes) => {
  checkGradient({
    name: `CenterCropPad ${axes?.join()}`,
    inputs: { x: normals(random, [3, 4, 5]) },
    build: (b) => b.node("CenterCropPad", ["x", b.ints(axes ? [7, 2] : [4, 1, 6])], { axes }),
    symbolic: axes !== undefined,
  });
});
