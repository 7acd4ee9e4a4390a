import type { Model, Node } from "../../onnx/model.ts";
import { attributeOf, intOf, intsOf, operatorOf } from "../../onnx/node.ts";
import { extractSubgraph } from "../../onnx/rewrite/extract-subgraph.ts";
import type { GraphView } from "./graph-view.ts";
import { pickedElements, widthOf } from "./picked-elements.ts";
import { unsupported } from "./read-ensemble.ts";

/** Operators that compute each element of one element of each input. */
const ELEMENTWISE = new Set(
  (
    "Abs Add And Cast Ceil Clip Div Equal Erf Exp Floor Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Log Max Min Mul Neg Not Or Pow Reciprocal " +
    "Relu Round Sigmoid Sign Sqrt Sub Tanh Where ai.onnx.ml.Binarizer ai.onnx.ml.CategoryMapper ai.onnx.ml.Imputer ai.onnx.ml.LabelEncoder ai.onnx.ml.Scaler"
  ).split(" "),
);

/** The element of the model's row behind each element of a tensor's row, and whether its value is moved as it is. */
type Origin = { readonly sources: readonly number[]; readonly is_moved: boolean };

/**
 * Where the columns come from that an ensemble reads. Throws `ExplainFault` (method_unsupported)
 * where a column mixes several elements of the inputs.
 */
export function inputColumns(
  view: GraphView,
  input: string,
): { sources: Int32Array; type: string; before: { model: Model; output: string } | null } {
  const type = view.typeOf(input);
  if (!/^(float32|float64|int32|int64)$/.test(type))
    throw unsupported(`the trees read '${input}' of the type ${type}, and not floats or integers`);
  const known = new Map<string, Origin>();
  const originOf = (name: string): Origin => {
    const origin = known.get(name) ?? traced(view, name, type, originOf);
    known.set(name, origin);
    return origin;
  };
  const { sources, is_moved } = originOf(input);
  const names = view.inputs.map(({ name }) => name);
  return {
    sources: Int32Array.from(sources),
    type,
    before: is_moved ? null : { model: extractSubgraph(view.model, names, [input]), output: input },
  };
}

function traced(
  view: GraphView,
  name: string,
  type: string,
  originOf: (name: string) => Origin,
): Origin {
  const node = view.producerOf(name);
  if (node === undefined) return ofInput(view, name);
  const [input = ""] = node.inputs;
  const picked = pickedElements(view, node, name);
  if (picked !== undefined) {
    const { sources, is_moved } = originOf(input);
    return { sources: picked.map((at) => sources[at] ?? -1), is_moved };
  }
  const operator = operatorOf(node);
  if (operator === "Concat" || operator === "ai.onnx.ml.FeatureVectorizer")
    return joined(view, node, originOf);
  if (operator === "ai.onnx.ml.OneHotEncoder") {
    const kinds =
      attributeOf(node, "cats_strings", "strings")?.length || intsOf(node, "cats_int64s")?.length;
    const { sources } = originOf(input);
    return {
      sources: sources.flatMap((source) => Array.from({ length: kinds ?? 0 }, () => source)),
      is_moved: false,
    };
  }
  if (ELEMENTWISE.has(operator)) {
    const { sources, is_moved } = elementwise(view, node, name, originOf);
    // A comparison rounds to float32 itself, so that a cast to it changes nothing.
    const isRounding =
      operator === "Cast" &&
      view.typeOf(name) === "float32" &&
      type === "float32" &&
      view.typeOf(input) !== "string";
    return { sources, is_moved: is_moved && isRounding };
  }
  throw unsupported(
    `${operator} comes before the trees, and the tree method needs columns that are each made of one input value`,
  );
}

/** An input of the model: its elements follow those of the inputs before it. */
function ofInput(view: GraphView, name: string): Origin {
  const at = view.inputs.findIndex((input) => input.name === name);
  if (at < 0) throw unsupported(`the trees read '${name}', which is no input of the model`);
  const before = view.inputs.slice(0, at);
  const offset = before.reduce((sum, input) => sum + widthOf(view, input.name), 0);
  const sources = Array.from({ length: widthOf(view, name) }, (_, element) => offset + element);
  return { sources, is_moved: true };
}

function joined(view: GraphView, node: Node, originOf: (name: string) => Origin): Origin {
  const axis = operatorOf(node) === "Concat" ? intOf(node, "axis", 1) : 1;
  const isOfColumns = node.inputs.every((name) => view.rowShapeOf(name).length === 1);
  if (!isOfColumns || (axis !== 1 && axis !== -1))
    throw unsupported(`${operatorOf(node)} before the trees does not put columns side by side`);
  const origins = node.inputs.map((name) => originOf(name));
  return {
    sources: origins.flatMap(({ sources }) => sources),
    is_moved: origins.every(({ is_moved }) => is_moved),
  };
}

function elementwise(
  view: GraphView,
  node: Node,
  output: string,
  originOf: (name: string) => Origin,
): Origin {
  const origins = node.inputs
    .filter((name) => name !== "" && !view.isConstant(name))
    .map((name) => originOf(name));
  const width = widthOf(view, output);
  const [first, ...others] = origins;
  if (first === undefined || first.sources.length !== width)
    throw unsupported(`${operatorOf(node)} '${output}' before the trees spreads columns`);
  const isOne = others.every(
    ({ sources }) =>
      sources.length === width && sources.every((source, at) => source === first.sources[at]),
  );
  if (!isOne)
    throw unsupported(
      `${operatorOf(node)} '${output}' before the trees makes a column of several input values`,
    );
  return first;
}
