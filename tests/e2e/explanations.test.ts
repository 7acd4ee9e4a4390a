import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ExplanationView, GlobalExplanationView } from "../../contract/explanation.ts";
import type { JobView } from "../../contract/job.ts";
import type { Problem } from "../../contract/problem.ts";
import { readModel, writeModel } from "../../domain/onnx/codec/onnx-file.ts";
import { buildNetwork } from "../../domain/onnx/train/architectures/build-network.ts";
import { seededRandom } from "../../domain/statistics/random.ts";
import { ROOT } from "../../scripts/lib/build.ts";
import { type Command, runCommand } from "./support/newcomer.ts";
import { runPlatform, type RunningPlatform } from "./support/platform.ts";

type Place = { url: string; key: string };
type Reply<Body> = { status: number; body: Body; text: string };
type Asked = { place?: Place; headers?: Record<string, string>; bytes?: Uint8Array };

let running: RunningPlatform;
let rows: number[][];
beforeAll(async () => {
  running = await runPlatform();
  const [, ...lines] = (await readFile("examples/wdbc/breast_cancer.csv", "utf8")).split("\n");
  rows = lines
    .filter((line) => line !== "")
    .map((line) => line.split(",").map(Number).slice(0, 30));
  for (const name of ["mlp", "forest"])
    await upload(name, await readFile(`examples/wdbc/models/wdbc-${name}.onnx`));
  await upload("cnn", writeModel(signalNetwork([8, 16])));
});
afterAll(() => running.stop());

const signalNetwork = (channels: number[]) =>
  buildNetwork({
    architecture: { kind: "cnn1d", channels },
    input: { channels: 1, length: 1_024 },
    output: { classes: 4 },
    seed: 1,
  });

/** A request as anyone may send it; the body as JSON, else as it is. */
async function ask<Body>(
  operation: string,
  json?: object,
  { place = running, headers = {}, bytes }: Asked = {},
): Promise<Reply<Body>> {
  const [method = "", path = ""] = operation.split(" ");
  const body = bytes ? new Uint8Array(bytes) : json && JSON.stringify(json);
  const type = bytes ? "application/octet-stream" : "application/json";
  const response = await fetch(`${place.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${place.key}`, "content-type": type, ...headers },
    ...(body && { body }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, body: (isJson ? JSON.parse(text) : null) as Body, text };
}

async function upload(name: string, bytes: Uint8Array, place: Place = running): Promise<void> {
  await ask("POST /v1/models", { name }, { place });
  const { status } = await ask(`PUT /v1/models/${name}/versions`, undefined, { bytes, place });
  expect(status).toBe(201);
}

async function ended(job: JobView, place: Place = running): Promise<JobView> {
  for (;;) {
    const { body } = await ask<JobView>(`GET /v1/jobs/${job.job_id}`, undefined, { place });
    if (body.ended_at !== null) return body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const signals = (count: number, seed = "signals") => {
  const random = seededRandom(seed);
  const sample = () => Number(random.normal().toFixed(3));
  return Array.from({ length: count }, () => [Array.from({ length: 1_024 }, sample)]);
};
const asking = (count: number, more: object = {}) => ({
  model: "mlp",
  inputs: { features: rows.slice(0, count) },
  background: { inputs: { features: rows.slice(100, 110) } },
  ...more,
});
const contributionsOf = ({ feature_contributions, base_prediction }: ExplanationView) => ({
  base_prediction,
  feature_contributions,
});

it("one by one, as a batch, streamed, or by a job: an explanation is the same numbers", async () => {
  const how = { method: "gradient", seed: 7, fresh: true };
  const batch = await ask<{ items: ExplanationView[] }>(
    "POST /v1/explanations/batch",
    asking(20, how),
  );
  expect(batch.status).toBe(200);
  const job = await ask<JobView>(
    "POST /v1/explanations/batch",
    asking(20, { ...how, wait: false }),
  );
  expect(job.status).toBe(202);
  const { status, explanation_ids } = await ended(job.body);
  expect([status, explanation_ids.length]).toEqual(["succeeded", 20]);
  for (const at of [0, 7, 19]) {
    const one = asking(0, { ...how, inputs: { features: [rows[at]] } });
    const single = await ask<ExplanationView>("POST /v1/explanations", one);
    const headers = { accept: "text/event-stream" };
    const { text } = await ask("POST /v1/explanations", one, { headers });
    const streamed = JSON.parse(text.trim().split("\n").at(-1)?.slice(6) ?? "") as ExplanationView;
    const made = await ask<ExplanationView>(`GET /v1/explanations/${explanation_ids[at]}`);
    const expected = contributionsOf(single.body);
    expect(expected.feature_contributions).toHaveLength(30);
    for (const other of [batch.body.items[at], streamed, made.body])
      expect(other && contributionsOf(other)).toEqual(expected);
  }
});

it("thirty-two at once are each answered, or told to come back, and the same as alone", async () => {
  const one = (at: number) =>
    ask<ExplanationView & Problem>(
      "POST /v1/explanations",
      asking(0, { inputs: { features: [rows[at]] }, method: "kernel", fresh: true }),
    );
  const all = await Promise.all(Array.from({ length: 32 }, (_, at) => one(at)));
  const answered = all.filter(({ status }) => status === 200);
  expect(answered.length).toBeGreaterThanOrEqual(16);
  for (const { status, body } of all)
    if (status !== 200)
      expect({ status, code: body.code }).toEqual({ status: 503, code: "unavailable" });
  const [first] = answered;
  const alone = await one(answered.length > 0 ? all.findIndex((reply) => reply === first) : 0);
  expect(contributionsOf(alone.body)).toEqual(contributionsOf(first?.body ?? alone.body));
});

it("long signals, many of them, and a large background leave the isolate alive", async () => {
  const inputs = { x: signals(512) };
  const name = readModel(writeModel(signalNetwork([8, 16]))).graph.inputs[0]?.name ?? "";
  const many = { model: "cnn", inputs: { [name]: inputs.x }, method: "input_x_gradient" };
  const job = await ask<JobView>("POST /v1/explanations/batch", many);
  expect(job.status).toBe(202);
  const done = await ended(job.body);
  expect([done.status, done.rows_done]).toEqual(["succeeded", 512]);

  const background = { inputs: { [name]: signals(64, "background") } };
  const large = { model: "cnn", inputs: { [name]: inputs.x.slice(0, 1) }, background };
  const kernel = { ...large, method: "kernel", options: { samples: 400 } };
  const found = await ask<ExplanationView & JobView>("POST /v1/explanations", kernel);
  expect([200, 202]).toContain(found.status);
  if (found.status === 202) expect((await ended(found.body)).status).toBe("succeeded");

  await upload("wide", writeModel(signalNetwork([64, 128, 256, 512])));
  const wide = { ...large, model: "wide", method: "gradient", options: { samples: 20 } };
  const heavy = await ask<ExplanationView & JobView>("POST /v1/explanations", wide);
  expect([200, 202]).toContain(heavy.status);
  if (heavy.status === 202) expect((await ended(heavy.body)).status).toBe("succeeded");

  const after = await ask<ExplanationView>(
    "POST /v1/explanations",
    asking(1, { method: "kernel" }),
  );
  expect(after.status).toBe(200);
}, 120_000);

it("a summary of many rows is the same by a job, and sums up what is said of each", async () => {
  const json = asking(60, { model: "forest", method: "tree" });
  const now = await ask<GlobalExplanationView>("POST /v1/explanations/global", json);
  expect(now.status).toBe(200);
  const job = await ask<JobView>("POST /v1/explanations/global", { ...json, wait: false });
  const { explanation_ids } = await ended(job.body);
  const later = await ask<GlobalExplanationView>(`GET /v1/explanations/${explanation_ids[0]}`);
  expect(later.body.feature_importances).toEqual(now.body.feature_importances);
  const each = await ask<{ items: ExplanationView[] }>("POST /v1/explanations/batch", {
    ...json,
    target: { class: 1 },
  });
  const mean = (feature: number) =>
    each.body.items.reduce(
      (sum, { feature_contributions }) =>
        sum + Math.abs(feature_contributions[feature]?.contribution ?? NaN) / 60,
      0,
    );
  for (const feature of [0, 7, 29]) {
    const name = each.body.items[0]?.feature_contributions[feature]?.feature_name ?? "";
    expect(now.body.feature_importances[name]).toBeCloseTo(mean(feature), 10);
  }
});

it("a reader who goes away leaves its place to others", async () => {
  const long = asking(1, {
    method: "gradient",
    options: { samples: 900 },
    limits: { max_half_width: 1e-12 },
    fresh: true,
  });
  const leaving = Array.from({ length: 16 }, async () => {
    const gone = new AbortController();
    const response = await fetch(`${running.url}/v1/explanations`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${running.key}`,
        accept: "text/event-stream",
        "content-type": "application/json",
      },
      body: JSON.stringify(long),
      signal: gone.signal,
    });
    await response.body?.getReader().read();
    gone.abort();
  });
  await Promise.all(leaving);
  const next = () => ask("POST /v1/explanations", asking(1, { method: "kernel", fresh: true }));
  await expect.poll(async () => (await next()).status, { timeout: 20_000 }).toBe(200);
});

it("a job of a model that is deleted meanwhile ends, and nothing is left of the model", async () => {
  await upload("doomed", await readFile("examples/wdbc/models/wdbc-mlp.onnx"));
  const json = asking(192, { model: "doomed", method: "kernel", wait: false });
  const set = { inputs: { features: rows.slice(0, 20) } };
  await ask("PUT /v1/models/doomed/versions/1/backgrounds/default", set);
  const job = await ask<JobView>("POST /v1/explanations/batch", json);
  await expect
    .poll(async () => (await ask<JobView>(`GET /v1/jobs/${job.body.job_id}`)).body.rows_done, {
      timeout: 20_000,
    })
    .toBeGreaterThan(0);
  expect((await ask("DELETE /v1/models/doomed")).status).toBe(204);
  const body = await ended(job.body);
  expect(body.explanation_ids.length).toBeGreaterThan(0);
  for (const id of body.explanation_ids)
    expect((await ask(`GET /v1/explanations/${id}`)).status).toBe(404);
});

const ROWS = 640;
it("a job goes on after the whole platform was killed in the middle of it, and explains each row once", async () => {
  const home = await mkdtemp(join(tmpdir(), "linnet-explanations-"));
  let platform: Command | undefined;
  const start = async (): Promise<Place> => {
    const env = { ...process.env, LINNET_HOME: home };
    platform = runCommand(process.execPath, ["scripts/start.ts", "--port", "0"], {
      cwd: ROOT,
      env,
    });
    await platform.prints(/Try, in another terminal/);
    const { url, api_key } = JSON.parse(await readFile(join(home, "credentials.json"), "utf8"));
    return { url, key: api_key };
  };
  try {
    const before = await start();
    const name = `mlp-${randomBytes(3).toString("hex")}`;
    await upload(name, await readFile("examples/wdbc/models/wdbc-mlp.onnx"), before);
    // Ten pieces of work, so that it is killed between two of them however slow the machine is.
    const random = seededRandom("a job that is killed");
    const features = Array.from({ length: ROWS }, (_, at) =>
      (rows[at % rows.length] ?? []).map((value) => value * (1 + random.normal() / 1_000)),
    );
    const json = asking(0, {
      model: name,
      method: "kernel",
      options: { samples: 512 },
      inputs: { features },
      wait: false,
    });
    const job = await ask<JobView>("POST /v1/explanations/batch", json, { place: before });
    expect(job.status).toBe(202);
    const read = (place: Place) =>
      ask<JobView>(`GET /v1/jobs/${job.body.job_id}`, undefined, { place });
    await expect
      .poll(async () => (await read(before)).body.rows_done, { interval: 20, timeout: 20_000 })
      .toBeGreaterThan(0);
    expect((await read(before)).body.rows_done).toBeLessThan(ROWS);
    platform?.kill("SIGKILL");
    await platform?.ended;

    const after = await start();
    const done = await ended(job.body, after);
    expect(done).toMatchObject({ status: "succeeded", rows_done: ROWS });
    expect(new Set(done.explanation_ids).size).toBe(ROWS);
    const all = new Set<string>();
    for (let cursor = ""; ;) {
      const { body } = await ask<{
        items: { explanation_id: string }[];
        next_cursor: string | null;
      }>(
        `GET /v1/explanations?model=${name}&limit=100${cursor && `&cursor=${cursor}`}`,
        undefined,
        { place: after },
      );
      for (const { explanation_id } of body.items) all.add(explanation_id);
      if (body.next_cursor === null) break;
      cursor = body.next_cursor;
    }
    expect([...all].toSorted()).toEqual(done.explanation_ids.toSorted());
  } finally {
    platform?.kill("SIGKILL");
    await platform?.ended;
    await rm(home, { recursive: true, force: true });
  }
}, 120_000);
