import type { Node } from "./model.ts";
import { placeOf, stringOf } from "./node.ts";
import { OnnxFault } from "./onnx-fault.ts";

/** An equation of Einsum with a letter for every axis. What is not in the output is summed over. */
export type Einsum = {
  readonly operands: readonly (readonly string[])[];
  readonly output: readonly string[];
};

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".split("");

/**
 * Reads the equation of a node whose operands have the given ranks. The axes of an ellipsis get
 * letters that the equation does not use, the same from the last axis on, since they broadcast.
 */
export function einsumOf(node: Node, ranks: readonly number[]): Einsum {
  const equation = stringOf(node, "equation", "").replaceAll(/\s/gu, "");
  const [left = "", right] = equation.split("->");
  const terms = left.split(",");
  const free = LETTERS.filter((letter) => !equation.includes(letter));
  const refuse = (reason: string): OnnxFault =>
    new OnnxFault("invalid", `the equation '${equation}' ${reason}`, placeOf(node));
  if (terms.length !== ranks.length)
    throw refuse(`has ${terms.length} terms for ${ranks.length} operands`);
  for (const term of [...terms, right ?? ""])
    if (!/^[a-zA-Z]*(?:\.\.\.)?[a-zA-Z]*$/u.test(term)) throw refuse(`has the term '${term}'`);

  const hidden = terms.map((term, index) => {
    const named = term.replace("...", "").length;
    const rank = ranks[index] ?? 0;
    if (term.includes("...") ? named <= rank : named === rank) return rank - named;
    throw refuse(`gives '${term}' to an operand of ${rank} axes`);
  });
  const most = hidden.reduce((largest, count) => Math.max(largest, count), 0);
  if (most > free.length) throw refuse("leaves no letter for the axes of its ellipsis");
  const ellipsis = free.slice(0, most);
  const spelt = (term: string, count: number): string[] => {
    const [before = "", after = ""] = term.split("...");
    return [...before.split(""), ...ellipsis.slice(most - count), ...after.split("")];
  };
  const operands = terms.map((term, index) => spelt(term, hidden[index] ?? 0));
  const output =
    right === undefined
      ? [...ellipsis, ...once(operands.flat().filter((letter) => !ellipsis.includes(letter)))]
      : spelt(right, right.includes("...") ? most : 0);
  const strange = output.find((letter) => !operands.some((operand) => operand.includes(letter)));
  if (strange !== undefined) throw refuse(`has '${strange}' in its output alone`);
  if (new Set(output).size < output.length) throw refuse("has a letter twice in its output");
  return { operands, output };
}

/** The equation as text, for a node that is to be made. */
export const einsumText = ({ operands, output }: Einsum): string =>
  `${operands.map((operand) => operand.join("")).join(",")}->${output.join("")}`;

/** The letters that appear once, in the order of the alphabet: what an equation without `->` means. */
const once = (letters: readonly string[]): string[] =>
  letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).toSorted();
