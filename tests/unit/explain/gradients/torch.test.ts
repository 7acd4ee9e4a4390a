import { expect, test } from "vitest";
import { openScoreGradient } from "../../../../domain/explain/gradients/score-gradient.ts";
import { countOf } from "../../../../domain/tensors/tensor.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";
import { expectNumbers, GRADIENTS, pattern, torchModel } from "../../onnx/support/torch-vectors.ts";
import { layoutWith } from "./gradients-of.ts";

/** Models with one input of floats and one output: convolutions, LSTM and GRU, Transformers, image layers. */
const MODELS = GRADIENTS.filter(
  ({ x, outputs }) => x.classes === undefined && outputs.length === 1,
).map((vectors) => [vectors.name, vectors] as const);

test("the models are many", () => expect(MODELS.length).toBeGreaterThan(10));

// A row at a time, since a weighted sum has the same weights for all rows of a run.
test.each(MODELS)(
  "PyTorch and we agree on the gradient of a weighted sum of the outputs of %s",
  async (name, { x, outputs: [output], gradients }) => {
    const dims = output?.dims ?? [];
    const [rows = 0, ...shape] = x.dims;
    const layout = layoutWith({ name: "x", shape });
    const target = { output: "y", index: 0 };
    const gradient = await openScoreGradient(wasmRuntime, torchModel(name), layout, target);
    const width = countOf(dims.slice(1));
    const weights = pattern(dims, 7).data;
    const values = Float32Array.from(pattern(x.dims, 3).data);
    const found: number[] = [];
    for (let row = 0; row < rows; row += 1) {
      const own = [...weights.subarray(row * width, (row + 1) * width)].entries();
      const instance = values.subarray(row * layout.size, (row + 1) * layout.size);
      found.push(...(await gradient.of(new Map(own)).run(instance, 1)).gradients);
    }
    await gradient.release();
    expectNumbers(found, gradients["x"] ?? [], { within: 5e-5, of: name });
  },
);
