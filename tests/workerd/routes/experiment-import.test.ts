import { beforeAll, describe, expect, it } from "vitest";
import {
  type AssignmentView,
  type ExplainedAssignment,
  UnitQuery,
} from "../../../contract/experiment-assignment.ts";
import type { RouteResponse } from "../../../contract/experiment-traffic.ts";
import vectors from "../../unit/vectors/foreign-assignments.json";
import { definitionOf, newModel, runningExperiment } from "../support/model-fixtures.ts";
import { keyOf, refused, succeeds } from "../support/platform.ts";

let key = "";
beforeAll(async () => {
  key = await keyOf();
  await newModel(key, "m");
});

const lookUp = <T = AssignmentView>(id: string, what: string, unit: string) =>
  succeeds<T>(200, `GET /v1/experiments/${id}/${what}?unit=${encodeURIComponent(unit)}`, { key });
const routeAll = (id: string) =>
  Promise.all(
    Array.from({ length: 60 }, (_, at) =>
      succeeds<RouteResponse>(200, `POST /v1/experiments/${id}/route`, {
        key,
        json: { request_id: "r", user_id: `user-${at}` },
      }),
    ),
  );

describe("a split of another system", () => {
  const unstated = [
    { model: "m", version: 1, is_control: true },
    { model: "m", version: 2 },
  ];
  /** What the other systems themselves assign; null is nobody's, for whom the control answers. */
  const splits = vectors.splits.filter(
    ({ split }) => split.weights.length === 2 && !split.weights.includes(0),
  );

  it.each(splits)(
    "$split.algorithm $split.weights is taken over: all keep their variant",
    async ({ split, variants }) => {
      const { id } = await runningExperiment(key, "m", { variants: unstated, import: split });
      const known = [...vectors.units.entries()].filter(([, unit]) => takes(unit));
      expect(known.length).toBeGreaterThan(50);
      const routed = await Promise.all(known.map(([, unit]) => lookUp(id, "assignment", unit)));
      expect(routed.map(({ version }) => version - 1)).toEqual(
        known.map(([at]) => variants[at] ?? 0),
      );
      const { hash } = await lookUp<ExplainedAssignment>(id, "explain", "user-1");
      expect(hash).toMatchObject({ algorithm: split.algorithm });
    },
  );

  /** Control characters and the empty text are no units here. */
  const takes = (unit: string): boolean => UnitQuery.shape.unit.safeParse(unit).success;
  const flagd = { algorithm: "flagd", flag_key: "checkout", weights: [70, 30] };

  it("is changed from there by moving the fewest", async () => {
    const changes = { variants: unstated, import: flagd, consistency: "strict" };
    const { id } = await runningExperiment(key, "m", changes);
    const before = await routeAll(id);
    await succeeds(200, `POST /v1/experiments/${id}/weights`, {
      key,
      json: { weights: { "m@1": "0.5", "m@2": "0.5" } },
    });
    const after = await routeAll(id);
    for (const [at, { version }] of before.entries())
      if (version === 2) expect(after[at]?.version).toBe(2);
    expect(after.filter(({ version }) => version === 2).length).toBeGreaterThan(
      before.filter(({ version }) => version === 2).length,
    );
  });

  const wrong: [string, string, object][] = [
    ["another number of weights", "split_invalid", { import: { ...flagd, weights: [1, 1, 1] } }],
    ["nothing but zeros", "split_invalid", { import: { ...flagd, weights: [0, 0] } }],
    ["weights beside its own", "weights_invalid", { variants: definitionOf("m").variants }],
    ["another strategy", "allocation_invalid", { allocation_strategy: "mab" }],
    [
      "a system that is none",
      "invalid_request",
      { import: { algorithm: "dice", weights: [1, 1] } },
    ],
  ];
  it.each(wrong)("is refused with %s", async (_, code, changes) => {
    const json = definitionOf("m", { variants: unstated, import: flagd, ...changes });
    await refused(code as "split_invalid", "POST /v1/experiments", { key, json });
  });
});
