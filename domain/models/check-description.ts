import { OnnxFault } from "../onnx/onnx-fault.ts";
import { filledBy, type ImagePipeline, type Pipeline } from "../preprocessing/pipeline.ts";
import { preparePipeline } from "../preprocessing/prepare-pipeline.ts";
import { checkedTensor } from "../tensors/checked-tensor.ts";
import { describeDims, describeNames, describeSpec } from "../tensors/input-problem.ts";
import { countOf, type Signature, type TensorSpec } from "../tensors/tensor.ts";
import type { ModelDescription } from "./description.ts";

/**
 * Holds a description against the model that it is of: as many names as there are features and
 * classes, where shapes tell, and each pipeline tried on one value. Throws `OnnxFault` (invalid).
 */
export function checkDescription(
  { feature_names, class_names, preprocessing }: ModelDescription,
  signature: Signature,
): void {
  const features = featuresOf(signature);
  if (feature_names && features !== null && feature_names.length !== features)
    throw invalid(
      `'feature_names' has ${feature_names.length} names; the model takes ${features} features`,
    );
  if (class_names) checkClasses(class_names, signature);
  for (const [index, pipeline] of preprocessing.entries())
    checkPipeline(pipeline, signature, `preprocessing[${index}]`);
}

const invalid = (message: string): OnnxFault => new OnnxFault("invalid", message);

/** How many numbers a row of the only input has; null where its shape does not say. */
function featuresOf({ inputs }: Signature): number | null {
  const [input, other] = inputs;
  if (!input || other) return null;
  const [, ...row] = input.shape;
  const sizes = row.filter((size) => typeof size === "number");
  return row.length > 0 && sizes.length === row.length ? countOf(sizes) : null;
}

/** An output of one column may be the second of two classes. */
function checkClasses(names: readonly string[], { outputs }: Signature): void {
  const columns = outputs
    .filter(({ shape, type }) => shape.length === 2 && type.startsWith("float"))
    .map(({ shape }) => shape[1]);
  const fits = columns.some(
    (count) =>
      typeof count !== "number" || count === names.length || (count === 1 && names.length === 2),
  );
  if (columns.length > 0 && !fits)
    throw invalid(
      `'class_names' has ${names.length} names; the model's outputs have ${columns.join(" and ")} columns`,
    );
}

function checkPipeline(pipeline: Pipeline, signature: Signature, path: string): void {
  const { inputs } = signature;
  const specs = new Map(inputs.map((spec) => [spec.name, spec]));
  for (const name of filledBy(pipeline)) {
    const spec = specs.get(name);
    if (!spec)
      throw invalid(
        `'${path}' fills '${name}'; the model has the inputs ${describeNames([...specs.keys()])}`,
      );
    if (spec.type === "string")
      throw invalid(`'${path}' fills '${name}' with numbers; the model takes strings there`);
  }
  const made = preparePipeline(pipeline).run([exampleOf(pipeline, specs)], signature);
  if (!made.ok)
    throw invalid(`'${path}': expected ${made.error.expected}, found ${made.error.found}`);
  for (const [name, tensor] of Object.entries(made.value)) {
    const spec = specs.get(name);
    if (!spec || spec.shape.length === 0) continue;
    // Where a model fixes how many rows it takes, callers give as many.
    const anyRows = { ...spec, shape: spec.shape.with(0, null) };
    if (!checkedTensor(anyRows, tensor, new Map()).ok)
      throw invalid(
        `'${path}' makes ${describeDims(tensor.dims)} of one ${pipeline.kind}; the model's input '${name}' is ${describeSpec(spec)}`,
      );
  }
}

/** A value that the pipeline can take: a text, or an image that is large enough for what is cropped. */
function exampleOf(pipeline: Pipeline, specs: ReadonlyMap<string, TensorSpec>): unknown {
  if (pipeline.kind === "text") return "an example";
  const { width, height } = exampleSize(pipeline, specs.get(pipeline.input));
  return { width, height, channels: 1, data: Array.from({ length: width * height }, () => 0) };
}

function exampleSize({ steps, layout, flatten }: ImagePipeline, spec: TensorSpec | undefined) {
  for (const step of steps) {
    if (step.op === "crop") return step;
    if (step.op === "resize") return { width: 8, height: 8 };
  }
  const [, first, second, third] = spec?.shape ?? [];
  const [height, width] = layout === "chw" ? [second, third] : [first, second];
  return !flatten && typeof width === "number" && typeof height === "number"
    ? { width, height }
    : { width: 8, height: 8 };
}
