import type { Dimension } from "../../tensors/tensor.ts";
import { ONNX_TYPES, type OnnxType } from "../model.ts";
import { intOf, intsOf } from "../node.ts";
import { broadcast } from "./broadcast.ts";
import { COMBINATIONS, combinedElements, type Combine } from "./elements.ts";
import { tensorFact, type TensorFact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";

const FLOATS: ReadonlySet<OnnxType> = new Set(["float32", "float64", "float16", "bfloat16"]);

/** Type and shape of the first input. */
const same: InferenceRule = (call) => tensorFact(call.type(0), call.shape(0));

/** A function of each element of floats, which whole numbers go through unchanged. */
const rounding: InferenceRule = (call) => combined(call, call.type(0), [0], (a = null) => a);

const testing: InferenceRule = (call) => tensorFact("bool", call.shape(0));

/** What broadcasts the inputs at `indices`. */
function combined(
  call: InferenceCall,
  type: OnnxType,
  indices: readonly number[],
  combine?: Combine,
): TensorFact {
  const inputs = indices.map((index) => call.tensor(index));
  const shape = broadcast(
    call,
    inputs.map((input) => input.shape),
  );
  return tensorFact(type, shape, combine && combinedElements(inputs, shape, combine));
}

/** The one type of the inputs at `indices`, as far as it is known. */
function commonType(call: InferenceCall, indices: readonly number[]): OnnxType {
  const types = indices.map((index) => call.type(index)).filter((type) => type !== "undefined");
  const [type = "undefined"] = types;
  if (types.every((other) => other === type)) return type;
  throw call.fault(
    `its inputs are ${types.join(" and ")}, and are to have one type: put a Cast before one of them`,
  );
}

const all = (call: InferenceCall): number[] => {
  if (call.inputs.length === 0) throw call.fault("it has no input");
  return [...call.inputs.keys()];
};

/** All inputs have one type, which the result has too. */
const arithmetic =
  (combine?: Combine): InferenceRule =>
  (call) =>
    combined(call, commonType(call, all(call)), all(call), combine);

const comparing =
  (combine: Combine): InferenceRule =>
  (call) => {
    commonType(call, [0, 1]);
    return combined(call, "bool", [0, 1], combine);
  };

const logical =
  (combine: Combine): InferenceRule =>
  (call) => {
    const type = commonType(call, all(call));
    if (type !== "bool" && type !== "undefined")
      throw call.fault(`its inputs are ${type}, and are to be bool`);
    return combined(call, "bool", all(call), combine);
  };

/** A quotient of floats is followed where it is whole, one of integers always. */
const dividing: InferenceRule = (call) => {
  const type = commonType(call, [0, 1]);
  return combined(call, type, [0, 1], (a = null, b = null) => {
    const isInexact = typeof a === "number" && typeof b === "number" && a % b !== 0;
    return FLOATS.has(type) && isInexact ? null : COMBINATIONS.Div(a, b);
  });
};

/** The bounds are scalars; before opset 11 they are attributes. */
const clipping: InferenceRule = (call) => {
  const given = [0, 1, 2].filter((index) => call.inputs[index] !== undefined);
  commonType(call, given);
  const x = call.tensor(0);
  const elements = combinedElements(
    given.map((index) => call.tensor(index)),
    x.shape,
    (element = null, ...bounds) => {
      const [low, high] = call.inputs[1] ? bounds : [undefined, ...bounds];
      const raised = low === undefined ? element : COMBINATIONS.Max(element, low);
      return high === undefined ? raised : COMBINATIONS.Min(raised, high);
    },
  );
  return tensorFact(x.type, x.shape, call.opset < 11 ? undefined : elements);
};

function typeAttribute(call: InferenceCall, name: string, absent?: OnnxType): OnnxType {
  const code = intOf(call.node, name);
  const type = code === undefined ? absent : ONNX_TYPES[code];
  if (type !== undefined) return type;
  throw call.fault(
    code === undefined ? `its attribute '${name}' is missing` : `there is no type ${code}`,
  );
}

function cast(call: InferenceCall, type: OnnxType): TensorFact {
  const isBool = type === "bool";
  return combined(call, type, [0], (a = null) => {
    if (!isBool || a === 0) return a;
    return typeof a === "number" ? 1 : null;
  });
}

const dropout: InferenceRule = (call) => [
  tensorFact(call.type(0), call.shape(0)),
  tensorFact(call.opset < 10 ? call.type(0) : "bool", call.shape(0)),
];

/** Numbers drawn for each element of the input. */
const drawnLike: InferenceRule = (call) =>
  tensorFact(typeAttribute(call, "dtype", call.type(0)), call.shape(0));

const drawn: InferenceRule = (call) => {
  const shape = intsOf(call.node, "shape");
  if (shape === undefined) throw call.fault("its attribute 'shape' is missing");
  return tensorFact(typeAttribute(call, "dtype", "float32"), shape);
};

/** As many class numbers for each row of the input as `sample_size` says. */
const multinomial: InferenceRule = (call) => {
  const rows: Dimension = call.shape(0)?.[0] ?? null;
  return tensorFact(typeAttribute(call, "dtype", "int32"), [
    rows,
    intOf(call.node, "sample_size", 1),
  ]);
};

export const ELEMENTWISE: Record<string, InferenceRule> = {
  Identity: (call) => call.inputs[0] ?? call.tensor(0),
  Cast: (call) => cast(call, typeAttribute(call, "to")),
  CastLike: (call) => cast(call, call.type(1)),
  BitCast: (call) => tensorFact(typeAttribute(call, "to"), call.shape(0)),
  Clip: clipping,
  Dropout: dropout,
  Where: (call) => combined(call, commonType(call, [1, 2]), [0, 1, 2], COMBINATIONS.Where),

  Add: arithmetic(COMBINATIONS.Add),
  Sub: arithmetic(COMBINATIONS.Sub),
  Mul: arithmetic(COMBINATIONS.Mul),
  Div: dividing,
  Mod: (call) => arithmetic(intOf(call.node, "fmod", 0) === 1 ? undefined : COMBINATIONS.Mod)(call),
  Pow: (call) => combined(call, call.type(0), [0, 1]),
  PRelu: arithmetic(),
  BitShift: arithmetic(),
  BitwiseAnd: arithmetic(),
  BitwiseOr: arithmetic(),
  BitwiseXor: arithmetic(),
  SwiGLU: arithmetic(),
  Sum: arithmetic(COMBINATIONS.Sum),
  Mean: arithmetic(),
  Max: arithmetic(COMBINATIONS.Max),
  Min: arithmetic(COMBINATIONS.Min),

  Equal: comparing(COMBINATIONS.Equal),
  Greater: comparing(COMBINATIONS.Greater),
  GreaterOrEqual: comparing(COMBINATIONS.GreaterOrEqual),
  Less: comparing(COMBINATIONS.Less),
  LessOrEqual: comparing(COMBINATIONS.LessOrEqual),
  And: logical(COMBINATIONS.And),
  Or: logical(COMBINATIONS.Or),
  Xor: logical(COMBINATIONS.Xor),
  Not: logical(COMBINATIONS.Not),
  IsInf: testing,
  IsNaN: testing,

  Neg: arithmetic(COMBINATIONS.Neg),
  Abs: arithmetic(COMBINATIONS.Abs),
  Sign: arithmetic(COMBINATIONS.Sign),
  Ceil: rounding,
  Floor: rounding,
  Round: rounding,

  Acos: same,
  Acosh: same,
  Asin: same,
  Asinh: same,
  Atan: same,
  Atanh: same,
  BitwiseNot: same,
  Celu: same,
  Cos: same,
  Cosh: same,
  Elu: same,
  Erf: same,
  Exp: same,
  Gelu: same,
  HardSigmoid: same,
  HardSwish: same,
  LeakyRelu: same,
  Log: same,
  Mish: same,
  Reciprocal: same,
  Relu: same,
  Selu: same,
  Shrink: same,
  Sigmoid: same,
  Sin: same,
  Sinh: same,
  Softplus: same,
  Softsign: same,
  Sqrt: same,
  Swish: same,
  Tan: same,
  Tanh: same,
  ThresholdedRelu: same,

  Bernoulli: drawnLike,
  RandomNormalLike: drawnLike,
  RandomUniformLike: drawnLike,
  RandomNormal: drawn,
  RandomUniform: drawn,
  Multinomial: multinomial,
};
