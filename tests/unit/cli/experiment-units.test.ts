import { describe, expect, it } from "vitest";
import type { ExplainedAssignment } from "../../../clients/sdk/index.ts";
import { createPaint } from "../../../clients/cli/paint.ts";
import { renderUnitLine } from "../../../clients/cli/unit-line.ts";
import { standIn } from "../sdk/stand-in.ts";
import { EXPERIMENT } from "./experiment-fixture.ts";
import { capture, runCli } from "./run-cli.ts";

const EXPLAINED: ExplainedAssignment = {
  variant_id: "var_2",
  name: "wdbc@2",
  model: "wdbc",
  version: 2,
  epoch: 3,
  reason: "assigned",
  unit: "ada",
  hash: { algorithm: "linnet" },
  position: "0.95",
  interval: { from: "0.9", to: "1", owner: "var_2" },
  weights: { var_1: "0.9", var_2: "0.1" },
  enrolled_in: null,
};
const paint = createPaint(capture().stream, {});
const draw = (changes: Partial<ExplainedAssignment> = {}, width?: number) =>
  renderUnitLine({ ...EXPLAINED, ...changes }, EXPERIMENT.variants, { paint, width });

describe("the line of all users", () => {
  it("has the intervals of two variants, and a mark at the user", () => {
    const [head, , ends, line, mark] = draw().split("\n");
    expect(head).toBe("ada gets wdbc@2 in epoch 3");
    expect(ends).toHaveLength(60);
    expect(line).toBe("A".repeat(54) + "B".repeat(6));
    expect(mark).toBe(`${" ".repeat(57)}▲ 0.95`);
  });

  it("leaves open whose an interval is where the answer does not tell", () => {
    const [, , , line] = draw({ interval: { from: "0.93", to: "0.97", owner: "var_2" } }).split(
      "\n",
    );
    expect(line).toMatch(/^·+B+·+$/);
    const three = { var_1: "0.5", var_2: "0.1", var_3: "0.4" };
    expect(draw({ weights: three }).split("\n")[3]).toBe("·".repeat(54) + "B".repeat(6));
  });

  it("shows an interval that is thinner than a column, and fits the terminal", () => {
    const interval = { from: "0.95", to: "0.950000000001", owner: "var_2" };
    const [, , ends, line] = draw({ interval }, 40).split("\n");
    expect(line).toMatch(/^·+B·*$/);
    expect(ends).toHaveLength(39);
  });

  it("says why a user has another variant than its position's", () => {
    const outside = draw({ variant_id: "var_1", reason: "not_targeted" });
    expect(outside).toContain("ada gets wdbc@1 in epoch 3: not targeted");
    expect(outside).toContain("By its position alone it would get wdbc@2.");
    const enrolled = draw({ variant_id: "var_1", enrolled_in: "var_1" });
    expect(enrolled).toContain("It was enrolled in wdbc@1 before, and stays there.");
  });
});

it("asks with attributes, and prints the API's answer with --json", async () => {
  const { url, received } = await standIn(() => ({ json: EXPLAINED }));
  const args = ["experiments", "explain", "exp_1", "ada", "--attributes", '{"country":"FR"}'];
  const ran = await runCli([...args, "--json"], { url });
  expect(JSON.parse(ran.stdout)).toEqual(EXPLAINED);
  expect(received.map(({ query }) => query)).toEqual([
    { unit: "ada", attributes: '{"country":"FR"}' },
  ]);
});

it("looks up an assignment", async () => {
  const { url, received } = await standIn(() => ({ json: EXPLAINED }));
  const ran = await runCli(["experiments", "assignment", "exp_1", "ada"], { url });
  expect(received[0]?.path).toBe("/v1/experiments/exp_1/assignment");
  expect(ran.stdout).toMatch(
    /variant +wdbc@2 \(var_2\)\nmodel +wdbc@2\nepoch +3\nreason +assigned/,
  );
});

it.each(['{"a":{}}', "[1]", "country=FR"])("refuses the attributes %s", async (attributes) => {
  const { url, received } = await standIn(() => ({ json: EXPLAINED }));
  const args = ["experiments", "assignment", "exp_1", "ada", "--attributes", attributes];
  expect((await runCli(args, { url })).code).toBe(2);
  expect(received).toEqual([]);
});
