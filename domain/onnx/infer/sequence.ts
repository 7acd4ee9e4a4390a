import type { Dimension } from "../../tensors/tensor.ts";
import { frontAxis } from "../axes.ts";
import { ONNX_TYPES } from "../model.ts";
import { attributeOf, graphOf, intOf, intsOf } from "../node.ts";
import { broadcast } from "./broadcast.ts";
import { commonFact, commonFactOf, withoutElements } from "./common-fact.ts";
import { factOfType, tensorFact, UNKNOWN, type Fact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";

/** What holds of every element of a sequence, or of what an optional value holds. */
function insideOf(call: InferenceCall, index: number, kind: "sequence" | "optional"): Fact {
  const fact = call.inputs[index];
  if (fact === undefined) throw call.fault(`input ${index} is missing`);
  if (fact.kind === "unknown") return UNKNOWN;
  if (fact.kind === kind) return fact.of;
  throw call.fault(`input ${index} is a ${fact.kind} where a ${kind} is needed`);
}

const sequenceOf = (of: Fact): Fact => ({ kind: "sequence", of: withoutElements(of) });

const anInt64 = (shape: readonly Dimension[] | null = []): Fact => tensorFact("int64", shape);

/** The size along `axis` becomes another, or the axis goes where there is none. */
function withAxis(shape: readonly Dimension[], axis: number, ...size: Dimension[]): Dimension[] {
  return shape.toSpliced(frontAxis(axis, shape.length), 1, ...size);
}

const split: InferenceRule = (call) => {
  const { type, shape } = call.tensor(0);
  if (shape === null) return sequenceOf(tensorFact(type, null));
  const axis = intOf(call.node, "axis", 0);
  const lengths = call.optional(1);
  if (lengths === undefined) {
    const keeps = intOf(call.node, "keepdims", 1) === 1;
    return sequenceOf(tensorFact(type, keeps ? withAxis(shape, axis, 1) : withAxis(shape, axis)));
  }
  return sequenceOf(tensorFact(type, withAxis(shape, axis, partSize(call, shape, axis))));
};

/** The size of the parts, where they are all of one size. */
function partSize(call: InferenceCall, shape: readonly Dimension[], axis: number): Dimension {
  const lengths = call.optional(1);
  const [first = null, ...others] = lengths?.elements ?? [];
  const isScalar = lengths?.shape?.length === 0;
  const whole = shape.at(axis);
  if (!isScalar) return others.every((length) => length === first) ? first : null;
  const isEven = typeof whole === "number" && typeof first === "number" && whole % first === 0;
  return isEven ? first : null;
}

const concat: InferenceRule = (call) => {
  const part = insideOf(call, 0, "sequence");
  if (part.kind !== "tensor") return UNKNOWN;
  if (part.shape === null) return tensorFact(part.type, null);
  const axis = intOf(call.node, "axis", 0);
  if (intOf(call.node, "new_axis", 0) !== 1)
    return tensorFact(part.type, withAxis(part.shape, axis, null));
  const at = frontAxis(axis, part.shape.length + 1);
  return tensorFact(part.type, part.shape.toSpliced(at, 0, null));
};

/** The body sees an element of each sequence, and every tensor whole. */
const map: InferenceRule = (call) =>
  call
    .outputsOf(
      graphOf(call.node, "body"),
      call.inputs.map((fact) => (fact?.kind === "sequence" ? fact.of : (fact ?? UNKNOWN))),
    )
    .map(sequenceOf);

const optional: InferenceRule = (call) => {
  const [given] = call.inputs;
  if (given) return { kind: "optional", of: given };
  return { kind: "optional", of: factOfType(attributeOf(call.node, "type", "type")) };
};

/** From version 18 a value that is not optional may be given too, and is its own element. */
const getElement: InferenceRule = (call) => {
  const [given] = call.inputs;
  return given !== undefined && given.kind !== "optional" && call.opset >= 18
    ? given
    : insideOf(call, 0, "optional");
};

const tfIdf: InferenceRule = (call) => {
  const shape = call.shape(0);
  const width =
    (intsOf(call.node, "ngram_indexes") ?? []).reduce((most, at) => Math.max(most, at), -1) + 1;
  return tensorFact("float32", shape && [...shape.slice(0, -1), width]);
};

export const SEQUENCE: Record<string, InferenceRule> = {
  SequenceConstruct: (call) => sequenceOf(commonFactOf(call.inputs.map((fact) => fact ?? UNKNOWN))),
  SequenceEmpty: (call) =>
    sequenceOf(tensorFact(ONNX_TYPES[intOf(call.node, "dtype", 1)] ?? "undefined", null)),
  SequenceInsert: (call) =>
    sequenceOf(commonFact(insideOf(call, 0, "sequence"), call.inputs[1] ?? UNKNOWN)),
  SequenceErase: (call) => sequenceOf(insideOf(call, 0, "sequence")),
  SequenceAt: (call) => insideOf(call, 0, "sequence"),
  SequenceLength: () => anInt64(),
  SequenceMap: map,
  SplitToSequence: split,
  ConcatFromSequence: concat,
  Optional: optional,
  OptionalGetElement: getElement,
  OptionalHasElement: () => tensorFact("bool", []),
  StringConcat: (call) => tensorFact("string", broadcast(call, [call.shape(0), call.shape(1)])),
  StringSplit: (call) => {
    const shape = call.shape(0);
    return [tensorFact("string", shape && [...shape, null]), anInt64(shape)];
  },
  StringNormalizer: (call) => {
    const shape = call.shape(0);
    return tensorFact("string", shape && [...shape.slice(0, -1), null]);
  },
  RegexFullMatch: (call) => tensorFact("bool", call.shape(0)),
  TfIdfVectorizer: tfIdf,
};
