import type { Dimension } from "../../tensors/tensor.ts";
import type { OnnxType } from "../model.ts";
import { ML_DOMAIN, attributeOf, intOf, intsOf } from "../node.ts";
import { describeShape } from "./broadcast.ts";
import { tensorFact, UNKNOWN, type Fact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";
import { sumOf } from "./sizes.ts";

/** Rows of features: a vector is one row. */
function rowsOf(call: InferenceCall): { rows: Dimension; features: Dimension } {
  const shape = call.shape(0);
  if (shape === null) return { rows: null, features: null };
  if (shape.length === 1) return { rows: 1, features: shape[0] ?? null };
  if (shape.length === 2) return { rows: shape[0] ?? null, features: shape[1] ?? null };
  throw call.fault(`the input is to be [rows, features], and is ${describeShape(shape)}`);
}

const strings = (call: InferenceCall, name: string): readonly string[] | undefined =>
  attributeOf(call.node, name, "strings");

/** The class of each row, and the scores of the classes. */
const classifier =
  (integers: string): InferenceRule =>
  (call) => {
    const { rows } = rowsOf(call);
    const texts = strings(call, "classlabels_strings") ?? [];
    const numbers = intsOf(call.node, integers) ?? [];
    if (texts.length === 0 && numbers.length === 0)
      throw call.fault(`the classes are missing: 'classlabels_strings' or '${integers}'`);
    return [
      tensorFact(texts.length > 0 ? "string" : "int64", [rows]),
      tensorFact("float32", [rows, Math.max(texts.length, numbers.length)]),
    ];
  };

const regressor =
  (targets: string, absent: number | null, type?: OnnxType): InferenceRule =>
  (call) =>
    tensorFact(type ?? call.type(0), [rowsOf(call).rows, intOf(call.node, targets) ?? absent]);

const same =
  (type?: OnnxType): InferenceRule =>
  (call) =>
    tensorFact(type ?? call.type(0), call.shape(0));

/** The type of the values that are looked up. */
const labelEncoder: InferenceRule = (call) => {
  const { node } = call;
  const shape = call.shape(0);
  if (call.opset < 2) return tensorFact(call.type(0) === "string" ? "int64" : "string", shape);
  const tensor = attributeOf(node, "values_tensor", "tensor");
  if (tensor) return tensorFact(tensor.type, shape);
  const kinds = [
    ["values_strings", "string"],
    ["values_int64s", "int64"],
    ["values_floats", "float32"],
  ] as const;
  const found = kinds.find(([name]) =>
    node.attributes.some((attribute) => attribute.name === name),
  );
  if (found === undefined) throw call.fault("the values are missing: 'values_…'");
  return tensorFact(found[1], shape);
};

export const ML: Record<string, InferenceRule> = Object.fromEntries(
  Object.entries<InferenceRule>({
    LinearClassifier: classifier("classlabels_ints"),
    TreeEnsembleClassifier: classifier("classlabels_int64s"),
    SVMClassifier: classifier("classlabels_ints"),
    LinearRegressor: regressor("targets", 1, "float32"),
    TreeEnsembleRegressor: regressor("n_targets", null, "float32"),
    TreeEnsemble: regressor("n_targets", null),
    SVMRegressor: regressor("", 1, "float32"),
    Scaler: same("float32"),
    Normalizer: same("float32"),
    Binarizer: same(),
    Imputer: same(),
    LabelEncoder: labelEncoder,
    CategoryMapper: (call) =>
      tensorFact(call.type(0) === "string" ? "int64" : "string", call.shape(0)),
    /** The elements of the last axis at some indices; those of a vector are one row. */
    ArrayFeatureExtractor: (call) => {
      const shape = call.shape(0);
      const indices = call.shape(1);
      if (shape === null) return tensorFact(call.type(0), null);
      const count = indices === null ? null : (indices.at(-1) ?? 1);
      return tensorFact(call.type(0), [...(shape.length === 1 ? [1] : shape.slice(0, -1)), count]);
    },
    OneHotEncoder: (call) => {
      const shape = call.shape(0);
      const categories = strings(call, "cats_strings") ?? intsOf(call.node, "cats_int64s") ?? [];
      return tensorFact("float32", shape && [...shape, categories.length]);
    },
    FeatureVectorizer: (call) => {
      const shapes = call.inputs.map((_, index) => call.shape(index));
      const rows = shapes.find((shape) => shape?.length === 2)?.[0] ?? null;
      const isVectors = shapes.every((shape) => shape?.length === 1);
      const widths = shapes.map((shape) => shape?.at(-1) ?? null);
      return tensorFact("float32", [isVectors ? 1 : rows, sumOf(widths)]);
    },
    /** A sequence of maps, of which nothing more is said. */
    ZipMap: (): Fact => ({ kind: "sequence", of: UNKNOWN }),
  }).map(([name, rule]) => [`${ML_DOMAIN}.${name}`, rule]),
);
