import { ELEMENT_ARRAYS, type NumericType } from "../../tensors/element-arrays.ts";
import { ONNX_TYPES } from "../model.ts";
import { intOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { bitsOf } from "../stored-tensor.ts";
import { fromTensor, isTexts, numbers, toTensor, type Numbers, type Texts } from "./array.ts";
import { converted } from "./element-types.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";

/** The type that an attribute names by its code. */
function typeAttribute(call: InterpreterCall): Numbers["type"] | "string" {
  const type = ONNX_TYPES[intOf(call.node, "to", 0)] ?? "undefined";
  if (type === "undefined") throw call.fault("its attribute 'to' names no type");
  return type;
}

function cast(call: InterpreterCall, to: Numbers["type"] | "string"): Numbers | Texts {
  const value = call.value(0);
  if (isTexts(value)) return to === "string" ? value : parsed(value, to);
  const x = call.numbers(0);
  if (to === "string") return printed(x);
  return numbers(
    to,
    x.dims,
    x.data.map((element) => converted(element, x.type, to)),
  );
}

const parsed = ({ dims, data }: Texts, to: Numbers["type"]): Numbers =>
  numbers(
    to,
    dims,
    data.map((text) => converted(numberIn(text), "float64", to)),
  );

/** A decimal number, or a name of an infinity in any case. */
function numberIn(text: string): number {
  const infinity = /^([+-]?)inf$/i.exec(text);
  if (infinity) return infinity[1] === "-" ? -Infinity : Infinity;
  return Number(text);
}

/** The shortest decimal numbers that are read back as the same floats. */
const printed = ({ type, dims, data }: Numbers): Texts => ({
  type: "string",
  dims,
  data: Array.from(data, (element) => {
    if (!Number.isFinite(element)) return String(element).replace("Infinity", "INF");
    const digits = Array.from({ length: 17 }, (_, index) => element.toPrecision(index + 1));
    const same = digits.find((text) => converted(Number(text), type, type) === element);
    return String(Number(same));
  }),
});

/** The bits of each element, read as another type of the same width. */
function bitCast(call: InterpreterCall): Numbers | Texts {
  const x = call.numbers(0);
  const to = typeAttribute(call);
  if (bitsOf(x.type) !== bitsOf(to))
    throw call.fault(`${x.type} and ${to} do not have the same number of bits`);
  if (!(to in ELEMENT_ARRAYS))
    throw new OnnxFault("unsupported", `the interpreter has no bits of ${to}`);
  const type = to as NumericType;
  const { data } = toTensor(x);
  if (Array.isArray(data)) throw call.fault("texts have no bits");
  const Elements = ELEMENT_ARRAYS[type];
  return fromTensor({
    type,
    dims: [...x.dims],
    data: new Elements(data.buffer, data.byteOffset, data.length),
  });
}

export const CASTS: Record<string, InterpreterRule> = {
  Cast: (call) => cast(call, typeAttribute(call)),
  CastLike: (call) => {
    const target = call.value(1);
    return cast(call, isTexts(target) ? "string" : call.numbers(1).type);
  },
  BitCast: bitCast,
};
