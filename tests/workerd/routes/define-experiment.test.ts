import { env } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ExperimentView } from "../../../contract/experiment.ts";
import type { ProblemCode } from "../../../contract/problem.ts";
import {
  definitionOf,
  newModel,
  scaleModel,
  stringModel,
  traces,
} from "../support/model-fixtures.ts";
import { call, keyOf, refused, succeeds } from "../support/platform.ts";

const CREATE = "POST /v1/experiments";
let key = "";
let othersKey = "";
let modelId = "";
beforeAll(async () => {
  key = await keyOf();
  othersKey = await keyOf();
  ({ id: modelId } = await newModel(key, "m", [scaleModel(1), scaleModel(2), scaleModel(3)]));
  await newModel(key, "words", [stringModel()]);
});

const control = { model: "m", version: 1, is_control: true };
const candidate = { model: "m", version: 2 };
const uncontrolled = (variant: object) => ({ ...variant, is_control: false });
const weighted = (...weights: unknown[]) =>
  definitionOf("m", {
    variants: weights.map((traffic_weight, index) => ({
      model: "m",
      version: index + 1,
      traffic_weight,
      is_control: index === 0,
    })),
  });

describe("a definition that is refused leaves no row, no claim and no actor:", () => {
  const left = async () => ({
    ...(await traces()),
    actors: (await listDurableObjectIds(env.EXPERIMENT)).length,
  });
  let before: unknown;
  beforeEach(async () => {
    before = await left();
  });
  afterEach(async () => {
    expect(await left()).toEqual(before);
    // A claim that was left would be named by this refusal beside the alias.
    const alias = "/v1/models/m/aliases/held";
    await succeeds(200, `PUT ${alias}`, { key, json: { version: 1 } });
    const { body } = await refused("model_in_use", "DELETE /v1/models/m", { key });
    expect(body).toMatchObject({ experiments: [] });
    await succeeds(204, `DELETE ${alias}`, { key });
  });

  const weights: [string, unknown[]][] = [
    ["an exponent", ["1e-1", "0.9"]],
    ["no digit before the point", [".5", "0.5"]],
    ["no digit after the point", ["0.", "1"]],
    ["a space", ["0.1 ", "0.9"]],
    ["a line break", ["0.1\n", "0.9"]],
    ["a sign", ["-0.1", "1.1"]],
    ["a plus", ["+0.5", "0.5"]],
    ["a comma", ["0,5", "0,5"]],
    ["13 decimals", ["0.0000000000001", "0.9999999999999"]],
    ["a percentage", ["50%", "50%"]],
    ["other digits", ["٠.٥", "0.5"]],
    ["an empty text", ["", "1"]],
    ["not a number", ["NaN", "1"]],
    ["more than all", ["1.000000000001", "0"]],
    ["a sum just over 1", ["0.5", "0.500000000001"]],
    ["a sum just under 1", ["0.333333333333", "0.333333333333", "0.333333333333"]],
    ["all of nothing", ["0", "0"]],
    ["twice everything", ["1", "1"]],
  ];
  it.each(weights)("a weight of %s", async (_, given) => {
    const { body } = await refused("weights_invalid", CREATE, { key, json: weighted(...given) });
    expect(body.errors?.[0]?.pointer).toMatch(/^#\/variants(\/\d\/traffic_weight)?$/);
  });

  it("a weight that is no text", async () => {
    for (const weight of [0.5, 1, null, true, ["0.5"], {}, "0".repeat(41)])
      await refused("invalid_request", CREATE, { key, json: weighted(weight, "0.5") });
  });

  const half = { traffic_weight: "0.5" };
  const beside = (...others: object[]) => [{ ...control, ...half }, ...others];
  const many = Array.from({ length: 20 }, (_, at) => ({ ...candidate, ...half, version: at + 2 }));
  const variants: [string, ProblemCode, object[]][] = [
    ["no control", "control_invalid", beside({ ...candidate, ...half }).map(uncontrolled)],
    ["two controls", "control_invalid", beside({ ...candidate, ...half, is_control: true })],
    ["the same version twice", "variants_duplicate", beside({ ...candidate, ...half, version: 1 })],
    ["a model that is none", "model_not_found", beside({ ...half, model: "none", version: 1 })],
    ["a version that is none", "version_not_found", beside({ ...candidate, ...half, version: 99 })],
    ["other inputs", "variants_incompatible", beside({ ...half, model: "words", version: 1 })],
    ["one variant", "invalid_request", beside()],
    ["no variant", "invalid_request", []],
    ["more variants than 20", "invalid_request", beside(...many)],
  ];
  it.each(variants)("%s", async (_, code, given) => {
    await refused(code, CREATE, { key, json: definitionOf("m", { variants: given }) });
  });

  const fields: [string, unknown][] = [
    ["name", ""],
    ["name", "x".repeat(201)],
    ["name", "\u0000"],
    ["name", "a\nb"],
    ["name", "\ud800"],
    ["name", null],
    ["description", "x".repeat(2_001)],
    ["description", "\udfff"],
    ["allocation_strategy", "bandit"],
    ["minimum_sample_size", 0],
    ["minimum_sample_size", 1.5],
    ["confidence_level", 1],
    ["confidence_level", "0.95"],
    ["primary_metric", "1st"],
    ["primary_metric", ""],
    ["guardrail_metrics", ["__proto__"]],
    ["guardrail_metrics", Array.from({ length: 21 }, (_, index) => `m${index}`)],
    ["rollback", { error_rate_threshold: 1.1 }],
    ["rollback", { error_rate_threshold: -0.1 }],
    ["rollback", { min_requests: 0 }],
    ["rollback", { surprise: 1 }],
    ["rollback", null],
    ["consistency", "eventual"],
    ["alias", "../x"],
    ["alias", "x".repeat(65)],
  ];
  it.each(fields)("%s: %j", async (field, value) => {
    const { body } = await refused("invalid_request", CREATE, {
      key,
      json: definitionOf("m", { [field]: value }),
    });
    expect(body.errors?.[0]?.pointer).toContain(`#/${field}`);
  });

  it("an idempotency key that is empty or endless", async () => {
    for (const idempotencyKey of ["", "x".repeat(201)])
      await refused("invalid_request", CREATE, {
        key,
        json: definitionOf("m"),
        headers: { "idempotency-key": idempotencyKey },
      });
  });

  it("somebody else's model", async () => {
    const json = definitionOf("m");
    await refused("model_not_found", CREATE, { key: othersKey, json });
  });
});

it("takes weights that are exact to the last of 12 decimals", async () => {
  const given = ["0.333333333333", "0.333333333333", "0.333333333334"];
  const { variants } = await succeeds<ExperimentView>(201, CREATE, {
    key,
    json: weighted(...given),
  });
  expect(variants.map(({ traffic_weight }) => traffic_weight)).toEqual(given);
  const padded = await succeeds<ExperimentView>(201, CREATE, {
    key,
    json: weighted("1.000", "0.0"),
  });
  expect(padded.variants.map(({ traffic_weight }) => traffic_weight)).toEqual(["1", "0"]);
});

describe("a definition with an idempotency key", () => {
  const create = (idempotencyKey: string, changes: object = {}, as = key) =>
    call<ExperimentView>(CREATE, {
      key: as,
      json: definitionOf("m", changes),
      headers: { "idempotency-key": idempotencyKey },
    });
  const rows = async () => (await traces()).experiments ?? 0;

  it("sent again is answered with the same experiment as it is by now", async () => {
    const first = await create("again");
    const before = await rows();
    expect((await create("again")).body).toEqual(first.body);
    await succeeds(200, `POST /v1/experiments/${first.body.id}/start`, { key });
    const later = await create("again");
    expect(later).toMatchObject({ status: 201, body: { id: first.body.id, status: "running" } });
    expect(await rows()).toBe(before);
  });

  it("sent by several at the same time makes one experiment, and all are told the same", async () => {
    for (const round of ["a", "b", "c"]) {
      const before = await rows();
      const replies = await Promise.all([1, 2, 3, 4].map(() => create(`together-${round}`)));
      for (const { status, body } of replies) {
        expect(status).toBe(201);
        expect(body).toEqual(replies[0]?.body);
      }
      expect(await rows()).toBe(before + 1);
      const { id = "" } = replies[0]?.body ?? {};
      expect(await succeeds(200, `GET /v1/experiments/${id}`, { key })).toEqual(replies[0]?.body);
    }
  });

  it("is refused for another definition, and for the same fields in another order it is not", async () => {
    const { body: first } = await create("reused");
    const { body } = await call<{ code: string }>(CREATE, {
      key,
      json: definitionOf("m", { name: "other" }),
      headers: { "idempotency-key": "reused" },
    });
    expect(body).toMatchObject({ code: "idempotency_key_reused" });
    const { name, variants } = definitionOf("m");
    const turned = variants.map((variant) =>
      Object.fromEntries(Object.entries(variant).toReversed()),
    );
    const again = await call<ExperimentView>(CREATE, {
      key,
      json: { variants: turned, name },
      headers: { "idempotency-key": "reused" },
    });
    expect(again.body).toEqual(first);
  });

  it("is the owner's own", async () => {
    const other = await keyOf();
    await newModel(other, "m");
    const { body: mine } = await create("owned");
    const { body: theirs } = await create("owned", {}, other);
    expect(theirs.id).not.toBe(mine.id);
  });

  it("may be used again after a refusal", async () => {
    const variants = [
      { ...control, traffic_weight: "0.5" },
      { ...candidate, traffic_weight: "0.5", version: 99 },
    ];
    expect((await create("corrected", { variants })).status).toBe(404);
    expect((await create("corrected")).status).toBe(201);
  });

  it("repeated after the experiment has ended claims nothing anew", async () => {
    await newModel(key, "short-lived");
    const send = () =>
      call<ExperimentView>(CREATE, {
        key,
        json: definitionOf("short-lived"),
        headers: { "idempotency-key": "ended" },
      });
    const { id } = (await send()).body;
    await succeeds(200, `POST /v1/experiments/${id}/start`, { key });
    await succeeds(200, `POST /v1/experiments/${id}/rollback`, { key });
    expect((await send()).body).toMatchObject({ id, status: "rolled_back" });
    await succeeds(204, "DELETE /v1/models/short-lived/versions/2", { key });
    expect((await send()).body).toMatchObject({ id, status: "rolled_back" });
  });

  it("finishes what died half-way", async () => {
    const { body: sample } = await create("sample");
    // What is left of a request that died after it had reserved its row and claimed a version.
    const half = "exp_01jd0000000000000000000001";
    await env.DB.prepare(
      `INSERT INTO experiment SELECT ?, owner_id, name, description, 'creating', consistency, 'half',
         request_hash, created_at, updated_at, NULL, NULL, NULL FROM experiment WHERE id = ?`,
    )
      .bind(half, sample.id)
      .run();
    await env.MODEL.getByName(modelId).claim(half, 1);
    await refused("experiment_not_found", `GET /v1/experiments/${half}`, { key });
    const { status, body } = await create("half");
    expect({ status, id: body.id }).toEqual({ status: 201, id: half });
    expect(await succeeds(200, `GET /v1/experiments/${half}`, { key })).toEqual(body);
  });
});

it("a definition that differs from another in nothing is still another experiment", async () => {
  const json = definitionOf("m");
  const made = await Promise.all(
    [1, 2].map(() => succeeds<ExperimentView>(201, "POST /v1/experiments", { key, json })),
  );
  expect(made[0]?.id).not.toBe(made[1]?.id);
});
