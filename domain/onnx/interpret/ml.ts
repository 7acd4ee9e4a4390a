import { ML_DOMAIN, attributeOf, floatOf, intOf, intsOf, stringOf, tensorOf } from "../node.ts";
import { filled, fromTensor, isTexts, numbers, type Numbers, type Texts } from "./array.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import {
  classified,
  featureRows,
  labelsOf,
  postTransformOf,
  transformed,
  verdictOf,
  verdictOfOne,
} from "./ml-scores.ts";
import { treeEnsemble, treeEnsembleClassifier, treeEnsembleRegressor } from "./ml-trees.ts";
import { elementsIn, indexIn, picked } from "./rearrange.ts";

const floats = (call: InterpreterCall, name: string): readonly number[] =>
  attributeOf(call.node, name, "floats") ?? [];
const strings = (call: InterpreterCall, name: string): readonly string[] | undefined =>
  attributeOf(call.node, name, "strings");

/** A score for each row of the coefficients: their product with the features, and the intercept. */
function linearScores(call: InterpreterCall, row: readonly number[]): number[] {
  const coefficients = floats(call, "coefficients");
  const intercepts = floats(call, "intercepts");
  return Array.from({ length: coefficients.length / row.length }, (_, target) =>
    row.reduce(
      (sum, feature, at) => sum + feature * (coefficients[target * row.length + at] ?? 0),
      intercepts[target] ?? 0,
    ),
  );
}

const linearClassifier: InterpreterRule = (call) => {
  const labels = labelsOf(call, "classlabels_ints");
  const by = postTransformOf(call);
  const verdicts = featureRows(call.numbers(0)).map((row) => {
    const scores = linearScores(call, row);
    const [score = 0] = scores;
    if (scores.length !== 1 || labels.length !== 2) return verdictOf(scores, by);
    return verdictOfOne(score, by, { threshold: 0, other: (one) => 1 - one });
  });
  return classified(labels, verdicts);
};

const linearRegressor: InterpreterRule = (call) => {
  const by = postTransformOf(call);
  const rows = featureRows(call.numbers(0));
  const scores = rows.flatMap((row) => transformed(linearScores(call, row), by));
  return numbers("float32", [rows.length, scores.length / Math.max(1, rows.length)], scores);
};

/** One parameter for all features, or one for each. */
const forFeature = (parameters: readonly number[], at: number, absent: number): number =>
  parameters[parameters.length === 1 ? 0 : at] ?? absent;

/** Each element by what is computed of it and the index of its feature, in the last axis. */
function byFeature(
  x: Numbers,
  type: Numbers["type"],
  compute: (value: number, feature: number) => number,
): Numbers {
  const features = x.dims.at(-1) ?? 1;
  return filled(type, x.dims, (index) => compute(x.data[index] ?? 0, index % features));
}

const scaler: InterpreterRule = (call) => {
  const [offset, scale] = [floats(call, "offset"), floats(call, "scale")];
  return byFeature(
    call.numbers(0),
    "float32",
    (value, at) => (value - forFeature(offset, at, 0)) * forFeature(scale, at, 1),
  );
};

/** What a row is divided by, unless it is zero. */
const NORMS: Readonly<Record<string, (row: readonly number[]) => number>> = {
  MAX: (row) => Math.max(...row),
  L1: (row) => row.reduce((sum, value) => sum + Math.abs(value), 0),
  L2: (row) => Math.hypot(...row),
};

const normalizer: InterpreterRule = (call) => {
  const norm = NORMS[stringOf(call.node, "norm", "MAX")];
  if (norm === undefined)
    throw call.fault(`'norm' is to be one of ${Object.keys(NORMS).join(", ")}`);
  const x = call.numbers(0);
  const values = featureRows(x).flatMap((row) => {
    const divisor = norm(row) || 1;
    return row.map((value) => value / divisor);
  });
  return numbers("float32", x.dims, values);
};

/** NaN is replaced where NaN is what stands for a missing value. */
const imputer: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const integers = intsOf(call.node, "imputed_value_int64s");
  const values = integers ?? floats(call, "imputed_value_floats");
  const missing = integers
    ? intOf(call.node, "replaced_value_int64", 0)
    : floatOf(call.node, "replaced_value_float", 0);
  const isMissing = (value: number): boolean =>
    value === missing || (Number.isNaN(missing) && Number.isNaN(value));
  return byFeature(x, x.type, (value, at) =>
    isMissing(value) ? forFeature(values, at, value) : value,
  );
};

/** Keys, values or the default of a LabelEncoder: a list of one of three types, or a tensor. */
function listOf(call: InterpreterCall, what: "keys" | "values"): Numbers | Texts | undefined {
  const { node } = call;
  const tensor = tensorOf(node, `${what}_tensor`);
  if (tensor) return fromTensor(tensor);
  const texts = strings(call, `${what}_strings`);
  if (texts) return { type: "string", dims: [texts.length], data: texts };
  const integers = intsOf(node, `${what}_int64s`);
  if (integers) return numbers("int64", [integers.length], integers);
  const reals = attributeOf(node, `${what}_floats`, "floats");
  return reals && numbers("float32", [reals.length], reals);
}

function defaultFor(call: InterpreterCall, values: Numbers | Texts): string | number {
  const { node } = call;
  const tensor = tensorOf(node, "default_tensor");
  if (tensor) return fromTensor(tensor).data[0] ?? 0;
  if (isTexts(values)) return stringOf(node, "default_string", "_Unused");
  if (/^u?int/.test(values.type)) return intOf(node, "default_int64", -1);
  return floatOf(node, "default_float", -0);
}

/** Each element by the value of its key. NaN is a key like another; of equal keys the last counts. */
function lookedUp(
  call: InterpreterCall,
  keys: readonly (string | number)[],
  values: Numbers | Texts,
  absent: string | number,
): Numbers | Texts {
  const { dims, data } = elementsIn(call, 0);
  const places = new Map(keys.map((key, at) => [key, at]));
  const found = Array.from<string | number, string | number>(data, (element) => {
    const at = places.get(element);
    return at === undefined ? absent : (values.data[at] ?? absent);
  });
  if (isTexts(values)) return { type: "string", dims, data: found.map(String) };
  return numbers(values.type, dims, found.map(Number));
}

/** Between the texts of one list and their places in it. */
function classesIn(call: InterpreterCall, texts: readonly string[], integers: readonly number[]) {
  if (isTexts(elementsIn(call, 0))) {
    const values = numbers("int64", [integers.length], integers);
    return lookedUp(call, texts, values, intOf(call.node, "default_int64", -1));
  }
  const values: Texts = { type: "string", dims: [texts.length], data: texts };
  return lookedUp(call, integers, values, stringOf(call.node, "default_string", "_Unused"));
}

const labelEncoder: InterpreterRule = (call) => {
  if (call.opset < 2) {
    const texts = strings(call, "classes_strings") ?? [];
    return classesIn(call, texts, [...texts.keys()]);
  }
  const [keys, values] = [listOf(call, "keys"), listOf(call, "values")];
  if (keys === undefined || values === undefined) throw call.fault("keys or values are missing");
  return lookedUp(call, [...keys.data], values, defaultFor(call, values));
};

const oneHotEncoder: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const categories: readonly (string | number)[] =
    strings(call, "cats_strings") ?? intsOf(call.node, "cats_int64s") ?? [];
  const hits = Array.from<string | number, number>(x.data, (element) =>
    categories.indexOf(typeof element === "number" ? Math.trunc(element) : element),
  );
  if (hits.includes(-1) && intOf(call.node, "zeros", 1) === 0)
    throw call.fault("an element is of no category");
  return filled("float32", [...x.dims, categories.length], (index) =>
    hits[Math.floor(index / categories.length)] === index % categories.length ? 1 : 0,
  );
};

/** The elements of the last axis at some indices; those of a vector are one row. */
const arrayFeatureExtractor: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const size = x.dims.at(-1) ?? 1;
  const indices = call.ints(1).map((index) => indexIn(call, index, size));
  const rows = x.dims.length === 1 ? [1] : x.dims.slice(0, -1);
  const count = rows.reduce((product, length) => product * length, 1);
  const flat = picked(
    x,
    [count, indices.length],
    ([row = 0, at = 0]) => row * size + (indices[at] ?? 0),
  );
  return { ...flat, dims: [...rows, indices.length] };
};

const featureVectorizer: InterpreterRule = (call) => {
  const parts = call.inputs.map((_, index) => featureRows(call.numbers(index)));
  const rows = (parts[0] ?? []).map((_, row) => parts.flatMap((part) => part[row] ?? []));
  return numbers("float32", [rows.length, rows[0]?.length ?? 0], rows.flat());
};

export const ML: Record<string, InterpreterRule> = Object.fromEntries(
  Object.entries<InterpreterRule>({
    LinearClassifier: linearClassifier,
    LinearRegressor: linearRegressor,
    TreeEnsemble: treeEnsemble,
    TreeEnsembleClassifier: treeEnsembleClassifier,
    TreeEnsembleRegressor: treeEnsembleRegressor,
    Scaler: scaler,
    Normalizer: normalizer,
    Imputer: imputer,
    Binarizer: (call) => {
      const x = call.numbers(0);
      const threshold = floatOf(call.node, "threshold", 0);
      return { ...x, data: x.data.map((value) => (value > threshold ? 1 : 0)) };
    },
    LabelEncoder: labelEncoder,
    CategoryMapper: (call) =>
      classesIn(call, strings(call, "cats_strings") ?? [], intsOf(call.node, "cats_int64s") ?? []),
    OneHotEncoder: oneHotEncoder,
    ArrayFeatureExtractor: arrayFeatureExtractor,
    FeatureVectorizer: featureVectorizer,
  }).map(([name, rule]) => [`${ML_DOMAIN}.${name}`, rule]),
);
