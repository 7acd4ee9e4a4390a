import { describe, expect, test } from "vitest";
import { attributesOf } from "../../../domain/onnx/attribute-literals.ts";
import { einsumOf, einsumText } from "../../../domain/onnx/einsum-equation.ts";
import { OnnxFault } from "../../../domain/onnx/onnx-fault.ts";

const read = (equation: string, ranks: number[]): string =>
  einsumText(
    einsumOf(
      { opType: "Einsum", inputs: [], outputs: ["y"], attributes: attributesOf({ equation }) },
      ranks,
    ),
  );

describe("an equation of Einsum", () => {
  test.each([
    ["ij,jk->ik", [2, 2], "ij,jk->ik"],
    [" i j , jk -> ik ", [2, 2], "ij,jk->ik"],
    ["...i,...i->...", [2, 3], "bi,abi->ab"],
    ["a...,...->...a", [2, 1], "ab,b->ba"],
    ["...i->i", [3], "abi->i"],
    ["->", [0], "->"],
  ])("%s", (equation, ranks, spelt) => {
    expect(read(equation, ranks)).toBe(spelt);
  });

  test("without an arrow, the ellipsis and the letters that stand once are the output", () => {
    expect(read("kj,ji", [2, 2])).toBe("kj,ji->ik");
    expect(read("...bi,ia", [3, 2])).toBe("cbi,ia->cab");
    expect(read("ii", [2])).toBe("ii->");
  });

  test.each([
    ["ij->ij", [2, 2], "has 1 terms for 2 operands"],
    ["ij->i", [3], "gives 'ij' to an operand of 3 axes"],
    ["...ij->i", [1], "gives '...ij' to an operand of 1 axes"],
    ["i->j", [1], "has 'j' in its output alone"],
    ["i->ii", [1], "has a letter twice in its output"],
    ["i1->i", [2], "has the term 'i1'"],
  ])("%s is refused", (equation, ranks, reason) => {
    expect(() => read(equation, ranks)).toThrow(OnnxFault);
    expect(() => read(equation, ranks)).toThrow(`the equation '${equation}' ${reason}`);
  });
});
