import { range } from "../../onnx/axes.ts";
import { arithmeticIn } from "../../onnx/gradient/arithmetic.ts";
import { constantNumber } from "../../onnx/gradient/constant-number.ts";
import { unbroadcast } from "../../onnx/gradient/emit.ts";
import { GradientCall, type GradientRule } from "../../onnx/gradient/gradient-call.ts";
import { renamed } from "../../onnx/gradient/graph-copier.ts";
import { GRADIENT_RULES } from "../../onnx/gradient/rules.ts";
import { scanGradient } from "../../onnx/gradient/scan-gradient.ts";
import type { OnnxType } from "../../onnx/model.ts";
import { intOf, operatorOf, stringOf } from "../../onnx/node.ts";

/** The tensor that a tensor of the instance's pass has beside it in the reference's pass; itself where both share it. */
export type TwinOf = (tensor: string) => string;

/** Says what the twin of a tensor is that a rule adds to the graph. */
export type Pair = (tensor: string, twin: string) => void;

/** A rule that hands back a secant: what times the change of the input is the change of the output. */
type SecantRule = (call: GradientCall, twin: TwinOf, pair: Pair) => void;

/** What a change is to be small beside to be too small to divide by; 0: only none is. */
type Beside = 0 | 1 | { tensor: string };

/**
 * Where the quotient's rounding error, epsilon |f| / |dx|, is as large as that of the derivative in
 * its place, |f''| |dx| / 2: the square root of the type's epsilon.
 */
const TINY: Partial<Record<OnnxType, number>> = {
  float16: 2 ** -5,
  float32: 2 ** -12,
  float64: 2 ** -26,
};

/**
 * The node's own derivative: with other tensors in the place of its own where `names` has them.
 * `give` gets it under the names that the node has.
 */
function derivative(
  call: GradientCall,
  give: (tensor: string, gradient: string) => void = (tensor, gradient) =>
    call.giveTensor(tensor, gradient),
  { names = new Map(), dy }: { names?: ReadonlyMap<string, string>; dy?: string } = {},
): void {
  const { b, node, profile, backpropagate } = call;
  const wanted = new Map(
    node.inputs
      .filter((name) => call.wantsTensor(name))
      .map((name) => [names.get(name) ?? name, name]),
  );
  const upstream = node.outputs.map((_, index) =>
    index === 0 ? (dy ?? call.upstream(0)) : call.upstream(index),
  );
  GRADIENT_RULES.get(operatorOf(node))?.(
    new GradientCall(
      b,
      renamed(node, names),
      profile,
      upstream,
      new Set(wanted.keys()),
      (tensor, gradient) => give(wanted.get(tensor) ?? tensor, gradient),
      backpropagate,
    ),
  );
}

/** A node that is linear in what depends on the instance: its derivative, wherever it is taken. */
const linear: SecantRule = (call) => derivative(call);

/** As `linear`, of a node that is linear in its first input only. */
const linearInFirst: SecantRule = (call) => {
  if (intOf(call.node, "training_mode", 0) === 1)
    throw call.blocked("in training it takes its statistics from all rows");
  refuseOthers(call);
  derivative(call);
};

/** As `linear`, but for a reduction into what was there. */
const scattered: SecantRule = (call) => {
  const reduction = stringOf(call.node, "reduction", "none");
  if (reduction !== "none" && reduction !== "add")
    throw call.blocked(`what it writes is combined by '${reduction}', which has no secant`);
  derivative(call);
};

const dropout: SecantRule = (call) => {
  if (call.has(2) && constantNumber(call.b, call.input(2)) !== 0)
    throw call.blocked("in training it drops at random");
  derivative(call);
};

function refuseOthers(call: GradientCall): void {
  const others = call.node.inputs.flatMap((name, index) =>
    index > 0 && call.wants(index) ? [`'${name}'`] : [],
  );
  if (others.length > 0)
    throw call.blocked(`its secant is known where ${others.join(", ")} does not vary`);
}

/**
 * Products of two that vary, a node of second degree: its derivative in the middle between the two
 * passes, since a'b' - ab = (a' - a) (b + b') / 2 + (b' - b) (a + a') / 2.
 */
const quadratic: SecantRule = (call, twin) => {
  const { add, mul } = arithmeticIn(call.b);
  const factors = call.node.inputs.filter((name) => call.wantsTensor(name));
  if (operatorOf(call.node) === "Einsum" && factors.length > 2)
    throw call.blocked("a product of three that vary has no secant here: write it as two");
  const isLinear = factors.length === 1 && operatorOf(call.node) !== "ReduceSumSquare";
  const middle = (name: string): string => mul(add(name, twin(name)), 0.5);
  const names = new Map(isLinear ? [] : factors.map((name) => [name, middle(name)]));
  derivative(call, undefined, { names });
};

/** a / b as a (1 / b), of which 1 / b' - 1 / b = -(b' - b) / (b b'). */
const quotient: SecantRule = (call, twin) => {
  const { b, dy } = call;
  const { add, mul, div, neg } = arithmeticIn(b);
  const [top, bottom] = [call.input(0), call.input(1)];
  if (!call.wants(1)) return derivative(call);
  const perBottom = div(mul(dy, 0.5), bottom);
  const perTwin = div(mul(dy, 0.5), twin(bottom));
  if (call.wants(0)) call.give(0, unbroadcast(b, add(perBottom, perTwin), top));
  const sum = add(top, twin(top));
  call.give(1, unbroadcast(b, neg(div(mul(perBottom, sum), twin(bottom))), bottom));
};

/**
 * (f(x') - f(x)) / (x' - x), element by element; the derivative where x' and x are next to each
 * other, where the quotient may be of no number.
 */
const unary =
  (beside: 0 | 1 | "x"): SecantRule =>
  (call, twin) => {
    refuseOthers(call);
    const { sub, mul, div, where, equal } = arithmeticIn(call.b);
    const [x, y] = [call.input(0), call.output()];
    const dx = sub(x, twin(x));
    const apart = isApart(call, dx, beside === "x" ? { tensor: x } : beside);
    const ratio = div(sub(y, twin(y)), dx);
    let slope: string | number = 0;
    derivative(call, (_, gradient) => (slope = gradient));
    // Where x is at a pole of the derivative and does not change, any finite number is a secant.
    if (beside === "x" && typeof slope === "string")
      slope = where(equal(sub(slope, slope), 0), slope, 0);
    call.give(0, where(apart, mul(call.dy, ratio), slope));
  };

/** Whether a change is one to divide by. NaN, the change from one infinity to the same, is none. */
function isApart({ b }: GradientCall, change: string, beside: Beside): string {
  const { abs, greater, mul } = arithmeticIn(b);
  const tiny = TINY[b.tensorOf(change).type] ?? 0;
  const least = typeof beside === "number" ? beside * tiny : mul(abs(beside.tensor), tiny);
  return greater(abs(change), least);
}

/**
 * Of a greatest (or least) element, the change goes to the elements that are it: where the output
 * rises, to the one that holds it now, where it falls, to the one that held it before, as the rule
 * of shap's DeepExplainer has it. Either moved at least as far as the output.
 */
const extreme =
  (kind: "greatest" | "least"): SecantRule =>
  (call, twin) => {
    const { sub, add, mul, div, where, greater } = arithmeticIn(call.b);
    const y = call.output();
    const shares = new Map<string, string>();
    const give = (tensor: string, share: string): void => {
      const other = shares.get(tensor);
      shares.set(tensor, other === undefined ? share : add(other, share));
    };
    const change = sub(y, twin(y));
    const isHeldNow = kind === "greatest" ? greater(change, 0) : greater(0, change);
    const weighted = mul(call.dy, change);
    const names = new Map([...call.node.inputs, y].map((name) => [name, twin(name)]));
    derivative(call, give, { dy: where(isHeldNow, weighted, 0) });
    derivative(call, give, { names, dy: where(isHeldNow, 0, weighted) });
    for (const [tensor, share] of shares) {
      const moved = sub(tensor, twin(tensor));
      const apart = isApart(call, moved, 0);
      call.giveTensor(tensor, where(apart, div(share, moved), 0));
    }
  };

/**
 * log Σ exp x as the secants of its logarithm and of its powers in turn, which are both taken over
 * exp c, c being the greatest x of both passes, so that nothing overflows.
 */
const logSumExp: SecantRule = (call, twin) => {
  const { b, node } = call;
  const { sub, mul, div, exp, where } = arithmeticIn(b);
  const x = call.input(0);
  if (intOf(node, "noop_with_empty_axes", 0) === 1 && !call.has(1))
    throw call.blocked("it reduces no axis");
  const axes = call.has(1) ? call.input(1) : b.ints(range(call.shape(0).length));
  const kept = (value: string): string =>
    intOf(node, "keepdims", 1) === 1 ? value : b.node("Unsqueeze", [value, axes]);
  const greatest = (value: string): string => b.node("ReduceMax", [value, axes], { keepdims: 1 });
  const ceiling = b.node("Max", [greatest(x), greatest(twin(x))]);
  const powers = exp(sub(x, ceiling));
  const twinPowers = exp(sub(twin(x), ceiling));
  const sum = (value: string): string => b.node("ReduceSum", [value, axes], { keepdims: 1 });
  const total = sum(powers);

  const secant = (change: string, by: string, beside: Beside, otherwise: string): string =>
    where(isApart(call, by, beside), div(change, by), otherwise);
  const rise = kept(sub(call.output(), twin(call.output())));
  const ofLog = secant(
    rise,
    sub(total, sum(twinPowers)),
    { tensor: total },
    b.node("Reciprocal", [total]),
  );
  const ofPowers = secant(sub(powers, twinPowers), sub(x, twin(x)), 1, powers);
  call.give(0, mul(mul(kept(call.dy), ofLog), ofPowers));
};

/** Step by step through both passes. */
const scan: SecantRule = (call, twin, pair) => scanGradient(call, { of: twin, pair });

const each = (operators: string, rule: SecantRule): [string, SecantRule][] =>
  operators.split(" ").map((operator) => [operator, rule]);

/** Every operator that a change can be followed through, beside those of `primitive-forms.ts`. */
const SECANT_RULES: ReadonlyMap<string, SecantRule> = new Map([
  ...each("Identity Cast CastLike Where Add Sub Sum Mean Neg ReduceSum ReduceMean CumSum", linear),
  ...each("Expand Flatten Reshape Squeeze Tile Transpose Unsqueeze Compress Concat Split", linear),
  ...each("Gather GatherElements GatherND Slice Pad DepthToSpace SpaceToDepth Trilu", linear),
  ...each("ReverseSequence CenterCropPad AveragePool GlobalAveragePool MaxUnpool", linear),
  ...each("BatchNormalization Resize GridSample RotaryEmbedding", linearInFirst),
  ...each("Scatter ScatterElements ScatterND", scattered),
  ...each("Dropout", dropout),
  ...each("Mul MatMul Gemm Einsum Conv ConvTranspose ReduceSumSquare", quadratic),
  ...each("Div", quotient),
  ...each("Relu LeakyRelu PRelu Clip Abs HardSigmoid HardSwish Shrink", unary(0)),
  ...each("ThresholdedRelu Ceil Floor Round Sign", unary(0)),
  ...each("Sigmoid Tanh Elu Celu Selu Softplus Softsign Swish Gelu Mish Erf Exp", unary(1)),
  ...each("Sin Cos Tan Sinh Cosh Asin Acos Atan Asinh Acosh Atanh", unary(1)),
  ...each("Log Sqrt Reciprocal Pow", unary("x")),
  ...each("MaxPool GlobalMaxPool ReduceMax Max", extreme("greatest")),
  ...each("ReduceMin Min", extreme("least")),
  ...each("ReduceLogSumExp", logSumExp),
  ...each("Scan", scan),
]);

/**
 * The rules that take the place of derivatives, so that the backward pass gives multipliers whose
 * products with the changes of the inputs add up to the change of the output: DeepLIFT's rescale
 * rule (Shrikumar, Greenside and Kundaje 2017, section 3.5.1) for every function of one number, the
 * middle of both passes for products.
 */
export const secantRules = (twin: TwinOf, pair: Pair): ReadonlyMap<string, GradientRule> =>
  new Map(
    [...SECANT_RULES].map(([operator, rule]) => [operator, (call) => rule(call, twin, pair)]),
  );
