import { expect, test } from "vitest";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import {
  rowsWhere,
  tableOf,
  type ExplanationRow,
} from "../../../../domain/explain/summary/explanation-table.ts";
import { row, tableOfValues } from "./support/tables.ts";

const faultOf = (rows: readonly ExplanationRow[]): ExplainFault["problem"] => {
  try {
    tableOf(rows);
  } catch (error) {
    if (error instanceof ExplainFault) return error.problem;
    throw error;
  }
  throw new Error("nothing was refused");
};

test.each([
  ["model", { model: "other" }],
  ["version", { version: "2" }],
  ["method", { method: "lime" }],
] as const)("explanations of different %ss are not summed up together", (what, change) => {
  const problem = faultOf([row([1, 2]), row([1, 2], change)]);
  expect(problem).toMatchObject({ code: "option_invalid", field: "explanations[1]" });
  expect(problem.message).toContain(`of ${what} '`);
});

test("nor are those of other features, of another order, or none at all", () => {
  expect(faultOf([row([1, 2]), row([1, 2], { players: ["f1", "f0"] })]).code).toBe(
    "option_invalid",
  );
  expect(faultOf([row([1, 2]), row([1, 2, 3])]).code).toBe("option_invalid");
  expect(faultOf([]).code).toBe("option_invalid");
});

test.each([
  ["a contribution that is no number", row([1, Number.NaN])],
  ["an infinite prediction", row([1, 2], { prediction: Infinity })],
  ["a feature value that is no number", row([1, 2], { features: [1, Number.NaN] })],
  ["too few contributions", row([1, 2], { values: [1] })],
  ["too many feature values", row([1, 2], { features: [1, 2, 3] })],
  ["too few interaction values", row([1, 2], { interactions: [1, 2] })],
])("%s is refused", (_, explanation) => {
  expect(faultOf([explanation]).code).toBe("value_invalid");
});

test("features and interactions are there only where every explanation has them", () => {
  const whole = row([1, 2], { features: [3, null], interactions: [1, 0, 0, 1] });
  const table = tableOf([whole, whole]);
  expect(table.features).toEqual(Float64Array.of(3, Number.NaN, 3, Number.NaN));
  expect(table.interactions).toHaveLength(8);
  const partly = tableOf([whole, row([1, 2])]);
  expect(partly.features).toBeNull();
  expect(partly.interactions).toBeNull();
});

test("some rows of a table are a table", () => {
  const table = tableOfValues(
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    (at) => ({ prediction: at, features: [at, at] }),
  );
  const rest = rowsWhere(table, (at) => at !== 1);
  expect(rest).toMatchObject({ rows: 2, players: ["f0", "f1"] });
  expect(rest.values).toEqual(Float64Array.of(1, 2, 5, 6));
  expect(rest.predictions).toEqual(Float64Array.of(0, 2));
  expect(rest.features).toEqual(Float64Array.of(0, 0, 2, 2));
});
