import type { GraphBuilder } from "../graph-builder.ts";
import { codeOf } from "../model.ts";
import { scalarLike } from "./emit.ts";

/** A value of the graph, or a number that becomes a scalar of the type of the value beside it. */
export type Operand = string | number;

/** Element-wise arithmetic on values of a graph, so that a rule reads like its formula. */
export type Arithmetic = ReturnType<typeof arithmeticIn>;

export function arithmeticIn(b: GraphBuilder) {
  const beside = (operand: Operand, other: Operand): string =>
    typeof operand === "number" ? scalarLike(b, String(other), operand) : operand;
  const binary =
    (operator: string) =>
    (x: Operand, y: Operand): string =>
      b.node(operator, [beside(x, y), beside(y, x)]);
  const unary =
    (operator: string) =>
    (x: string): string =>
      b.node(operator, [x]);
  return {
    add: binary("Add"),
    sub: binary("Sub"),
    mul: binary("Mul"),
    div: binary("Div"),
    pow: binary("Pow"),
    equal: binary("Equal"),
    greater: binary("Greater"),
    less: binary("Less"),
    atLeast: binary("GreaterOrEqual"),
    atMost: binary("LessOrEqual"),
    neg: unary("Neg"),
    abs: unary("Abs"),
    exp: unary("Exp"),
    log: unary("Log"),
    sqrt: unary("Sqrt"),
    sin: unary("Sin"),
    cos: unary("Cos"),
    sinh: unary("Sinh"),
    cosh: unary("Cosh"),
    tanh: unary("Tanh"),
    sigmoid: unary("Sigmoid"),
    erf: unary("Erf"),
    floor: unary("Floor"),
    square: (x: string): string => b.node("Mul", [x, x]),
    where: (condition: string, x: Operand, y: Operand): string =>
      b.node("Where", [condition, beside(x, y), beside(y, x)]),
    /** The value with the type of another. */
    like: (x: string, other: string): string => {
      const { type } = b.tensorOf(other);
      return b.tensorOf(x).type === type ? x : b.node("Cast", [x], { to: codeOf(type) });
    },
  };
}
