import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { identityModel } from "../fixtures/model-file.ts";
import { startBulkInference, type BulkInference } from "./support/bulk-inference.ts";
import { readOperatorTests } from "./support/operator-tests.ts";
import { runOperatorTests, type Outcome } from "./support/run-operator-tests.ts";
import { readSnapshot, snapshotOf, writeSnapshot } from "./support/snapshot.ts";

const folder = inject("operatorTests");

describe.skipIf(folder === null)("ONNX's operator tests through the built inference Worker", () => {
  let inference: BulkInference;
  let outcomes: Map<string, Outcome>;

  beforeAll(async () => {
    inference = await startBulkInference(inject("builtInference"));
    outcomes = await runOperatorTests(inference, await readOperatorTests(folder ?? ""));
  });
  afterAll(() => inference.stop());

  test("every model gets an answer: a result or a named error, never a throw", () => {
    expect([...outcomes].filter(([, { kind }]) => kind === "thrown")).toEqual([]);
  });

  test("the Worker outlives them all, in one isolate and without losing its runtime", async () => {
    const state = await inference.state();
    expect(state.sessions).toBeGreaterThan(1);
    expect(state.session_bytes).toBeLessThanOrEqual(state.budget_bytes);
    expect(inference.logs().filter(({ event }) => event === "runtime_lost")).toEqual([]);

    const [model] = await inference.store([identityModel("float32")]);
    if (model === undefined) throw new Error("nothing was stored");
    const x = { type: "float32" as const, dims: [3], data: Float32Array.of(1.5, -2, 0) };
    expect(await inference.run([{ model, feeds: { x } }])).toEqual([{ ok: true, value: { y: x } }]);
  });

  test("as many pass as before, and the others fail as before (UPDATE_CONFORMANCE=1 rewrites)", async () => {
    const snapshot = snapshotOf(outcomes);
    if (process.env["UPDATE_CONFORMANCE"] === "1") await writeSnapshot(snapshot);
    expect(snapshot).toEqual(await readSnapshot());
  });
});
