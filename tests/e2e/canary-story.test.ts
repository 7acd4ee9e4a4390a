import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  aliases,
  createClient,
  type ExperimentView,
  experiments,
  keys,
  LinnetError,
  models,
  platform,
  users,
} from "../../clients/sdk/index.ts";
import expected from "../../examples/wdbc/expected.json" with { type: "json" };
import { heldOutRows, loadWdbc, MODEL } from "../../scripts/lib/wdbc.ts";
import { type RunningPlatform, runPlatform } from "./support/platform.ts";

let running: RunningPlatform;
beforeAll(async () => {
  running = await runPlatform();
});
afterAll(() => running.stop());

const variantOf = ({ variants }: ExperimentView, control: boolean) => {
  const variant = variants.find(({ is_control }) => is_control === control);
  if (!variant) throw new Error("no such variant");
  return variant;
};

const define = (name: string, challenger: number, consistency: "strict" | "leased") =>
  experiments.create(running.admin, {
    name,
    variants: [
      { model: MODEL, version: 1, traffic_weight: "0.5", is_control: true },
      { model: MODEL, version: challenger, traffic_weight: "0.5" },
    ],
    primary_metric: "success_rate",
    minimum_sample_size: 100,
    rollback: {
      error_rate_threshold: 0.25,
      latency_degradation_threshold: 1_000,
      min_requests: 40,
    },
    consistency,
  });

describe("a team that tries a new version on live traffic", () => {
  it("uploads its versions, and each answers what it answered in training", async () => {
    const loaded = await loadWdbc(running.admin);
    expect(loaded["wdbc-mlp"]).toMatchObject({
      version: 2,
      inputs: [{ name: "features", type: "float32", shape: ["N", 30] }],
    });
    for (const [version, probabilities] of [
      [1, expected.logistic],
      [2, expected.mlp],
    ] as const) {
      const inputs = { features: expected.features };
      const { outputs } = await models.predict(running.admin, MODEL, { inputs, version });
      const answered = outputs["probabilities"] as number[][];
      for (const [row, values] of probabilities.entries())
        for (const [column, value] of values.entries())
          expect(answered[row]?.[column]).toBeCloseTo(value, 5);
    }
  });

  it("gives the better version the alias after an experiment that it wins", async () => {
    const experiment = await define("a better model", 2, "leased");
    await experiments.start(running.admin, experiment.id);
    for (const [index, { features, label }] of (await heldOutRows()).entries()) {
      const request_id = `${experiment.id}-${index}`;
      const { outputs, variant_id } = await experiments.predict(running.admin, experiment.id, {
        request_id,
        user_id: `patient-${index}`,
        inputs: { features: [features] },
      });
      const [[malignant = 0, benign = 0] = []] = outputs["probabilities"] as number[][];
      const success = (benign > malignant ? 1 : 0) === label;
      const outcome = {
        request_id,
        variant_id,
        success,
        latency_ms: 5,
        metrics: { conversion: success ? 1 : 0 },
      };
      const reply = await experiments.reportOutcomes(running.admin, experiment.id, [outcome]);
      expect(reply).toEqual({ accepted: 1, duplicates: 0, rejected: [], status: "running" });
    }

    const { variants } = await experiments.metrics(running.admin, experiment.id);
    expect(variants.reduce((sum, { request_count }) => sum + request_count, 0)).toBe(228);
    // Which test fits by itself depends on how many errors the draw of the users gave each arm.
    const { results } = await experiments.analysis(running.admin, experiment.id, {
      test: "two_proportion_z",
    });
    expect(results).toMatchObject([{ metric: "success_rate", method: "two_proportion_z" }]);

    const winner = variantOf(experiment, false);
    const concluded = await experiments.conclude(running.admin, experiment.id, {
      winning_variant_id: winner.variant_id,
    });
    expect(concluded).toMatchObject({
      status: "concluded",
      promotion: { model: MODEL, alias: "champion", version: 2, previous_version: 1 },
    });
    expect(await aliases.get(running.admin, MODEL, "champion")).toMatchObject({ version: 2 });
    const { version } = await models.predict(running.admin, MODEL, {
      inputs: { features: expected.features },
      alias: "champion",
    });
    expect(version).toBe(2);
  });

  it("never serves a strict canary again after the reply that rolled it back", async () => {
    const experiment = await define("a mistake", 3, "strict");
    const canary = variantOf(experiment, false).variant_id;
    await experiments.start(running.admin, experiment.id);
    let rolledBack = false;
    let after = 0;
    for (const [index, { features, label }] of (await heldOutRows()).entries()) {
      const request_id = `${experiment.id}-${index}`;
      const unit = { request_id, user_id: `patient-${index}`, inputs: { features: [features] } };
      const { outputs, variant_id } = await experiments.predict(running.admin, experiment.id, unit);
      if (rolledBack && variant_id === canary) after += 1;
      const [[malignant = 0, benign = 0] = []] = outputs["probabilities"] as number[][];
      const success = (benign > malignant ? 1 : 0) === label;
      const outcome = { request_id, variant_id, success, latency_ms: 5 };
      const { status } = await experiments.reportOutcomes(running.admin, experiment.id, [outcome]);
      rolledBack ||= status === "rolled_back";
    }
    expect({ rolledBack, after }).toEqual({ rolledBack: true, after: 0 });
    const { items } = await experiments.events(running.admin, experiment.id);
    expect(items.at(-1)).toMatchObject({
      type: "rolled_back",
      by: "guardrail",
      data: { guardrail: "error_rate", rule: "always_valid", variant_id: canary },
    });
  });
});

describe("a stranger", () => {
  it("gets nothing of another user's, and the same answer as for what does not exist", async () => {
    const { id: owner_id } = await users.create(running.admin, { name: "stranger" });
    const { key } = await keys.create(running.admin, {
      name: "theirs",
      scopes: ["admin"],
      owner_id,
    });
    const stranger = createClient({ baseUrl: running.url, apiKey: key });
    const [experiment] = (await experiments.list(running.admin, { limit: 1 })).items;
    const refused = async (attempt: Promise<unknown>) => {
      const error = await attempt.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      return error instanceof LinnetError ? error.code : error;
    };
    expect(await refused(models.get(stranger, MODEL))).toBe("model_not_found");
    expect(await refused(experiments.get(stranger, experiment?.id ?? ""))).toBe(
      "experiment_not_found",
    );
    expect(await refused(experiments.rollback(stranger, experiment?.id ?? ""))).toBe(
      "experiment_not_found",
    );
    expect((await models.list(stranger)).items).toEqual([]);
  });
});

describe("an operator", () => {
  it("finds a request's id and trace in the log, and every dependency's state", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await models.list(running.admin, {}, { requestId: "find-me", traceparent });
    const line = running.logs().find((text) => text.includes('"request_id":"find-me"'));
    expect(line).toContain("0af7651916cd43dd8448eb211c80319c");
    const health = await platform.healthDeep(running.admin);
    expect(health.dependencies.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "d1 ok",
      "r2 ok",
      "inference ok",
      "compute ok",
      "explain ok",
      "data ok",
      "key-actor ok",
    ]);
  });

  it("never finds a key or a secret in the log", () => {
    const secret = running.key.slice(-40);
    expect(running.logs().filter((text) => text.includes(secret))).toEqual([]);
  });
});
