import { describe, expect, it, test } from "vitest";
import { backgrounds, explanations, LinnetError } from "../../../clients/sdk/index.ts";
import { serverEvents } from "../../../clients/sdk/server-events.ts";
import { type Answer, problem, standIn } from "./stand-in.ts";

const ASKED = { model: "wdbc", inputs: { features: [[1, 2]] } };
const job = (changes: object = {}) => ({
  job_id: "job_1",
  status: "running",
  rows: 4,
  rows_done: 1,
  explanation_ids: [] as string[],
  problem: null,
  ended_at: null,
  ...changes,
});
const SUCCEEDED = { status: "succeeded", rows_done: 4, ended_at: "2026-11-21T09:30:00.000Z" };

const stream = (text: string): Answer => ({
  headers: { "content-type": "text/event-stream" },
  text,
});
const event = (type: string, data: object): string =>
  `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

const failure = (work: Promise<unknown>): Promise<LinnetError> =>
  work.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: LinnetError) => error,
  );

test("each call goes to its address, with what was asked for", async () => {
  const { client, received } = await standIn(() => ({ json: { items: [], deleted: 3 } }));
  const linnet = client();
  await explanations.explain(linnet, { ...ASKED, method: "kernel" });
  await explanations.drift(linnet, { ...ASKED, alpha: 0.01 });
  await explanations.get(linnet, "xpl_1");
  await explanations.list(linnet, { model: "wdbc", version: 2, kind: "global", limit: 5 });
  await explanations.remove(linnet, "xpl_1");
  expect(await explanations.prune(linnet, { model: "wdbc", older_than_days: 7 })).toBe(3);
  await explanations.statistics(linnet, { days: 7 });
  expect(received.map(({ method, path, query, body }) => [method, path, query, body])).toEqual([
    ["POST", "/v1/explanations", {}, JSON.stringify({ ...ASKED, method: "kernel" })],
    ["POST", "/v1/explanations/drift", {}, JSON.stringify({ ...ASKED, alpha: 0.01 })],
    ["GET", "/v1/explanations/xpl_1", {}, ""],
    ["GET", "/v1/explanations", { model: "wdbc", version: "2", kind: "global", limit: "5" }, ""],
    ["DELETE", "/v1/explanations/xpl_1", {}, ""],
    ["DELETE", "/v1/explanations", { model: "wdbc", older_than_days: "7" }, ""],
    ["GET", "/v1/explanations/statistics", { days: "7" }, ""],
  ]);
});

test("background sets belong to a version of a model", async () => {
  const { client, received } = await standIn(() => ({ json: { items: [{ name: "default" }] } }));
  const linnet = client();
  await backgrounds.put(linnet, "wdbc", 2, "default", { inputs: {}, size: 20 });
  expect(await backgrounds.list(linnet, "wdbc", 2)).toEqual([{ name: "default" }]);
  await backgrounds.get(linnet, "wdbc", 2, "default");
  await backgrounds.remove(linnet, "wdbc", 2, "default");
  const at = "/v1/models/wdbc/versions/2/backgrounds";
  expect(received.map(({ method, path, body }) => [method, path, body])).toEqual([
    ["PUT", `${at}/default`, '{"inputs":{},"size":20}'],
    ["GET", at, ""],
    ["GET", `${at}/default`, ""],
    ["DELETE", `${at}/default`, ""],
  ]);
});

test("every explanation of every page is read", async () => {
  const { client } = await standIn(({ query }) => ({
    json: query["cursor"]
      ? { items: [{ explanation_id: "xpl_2" }], next_cursor: null }
      : { items: [{ explanation_id: "xpl_1" }], next_cursor: "c" },
  }));
  const all = await Array.fromAsync(explanations.all(client()));
  expect(all.map(({ explanation_id }) => explanation_id)).toEqual(["xpl_1", "xpl_2"]);
});

test("a picture is text, of a kept explanation or of a row", async () => {
  const { client, received } = await standIn(() => ({ text: "<svg/>" }));
  const linnet = client();
  const feature = "mean radius";
  expect(await explanations.picture(linnet, "xpl_1", { plot: "dependence", feature })).toBe(
    "<svg/>",
  );
  expect(await explanations.picture(linnet, ASKED)).toBe("<svg/>");
  expect(received.map(({ method, path, query }) => [method, path, query])).toEqual([
    ["GET", "/v1/explanations/xpl_1", { plot: "dependence", feature }],
    ["POST", "/v1/explanations", {}],
  ]);
  for (const { headers } of received) expect(headers.accept).toContain("image/svg+xml");
});

test("an exported explainer comes as bytes", async () => {
  const { client, received } = await standIn(() => ({ text: "onnx" }));
  const bytes = await explanations.exportExplainer(client(), "wdbc", 2, { target: { class: 1 } });
  expect(new TextDecoder().decode(bytes)).toBe("onnx");
  expect(received[0]).toMatchObject({
    method: "POST",
    path: "/v1/models/wdbc/versions/2/explainer",
    body: '{"target":{"class":1}}',
  });
});

describe("a stream", () => {
  it("gives estimates and ends with the explanation", async () => {
    const { client, received } = await standIn(() =>
      stream(
        event("estimate", { model_rows: 10 }) +
          event("hello", {}) +
          event("estimate", { model_rows: 20 }) +
          event("explanation", { explanation_id: "xpl_1" }),
      ),
    );
    const events = await Array.fromAsync(explanations.explainStream(client(), ASKED));
    expect(events).toEqual([
      { type: "estimate", estimate: { model_rows: 10 } },
      { type: "estimate", estimate: { model_rows: 20 } },
      { type: "explanation", explanation: { explanation_id: "xpl_1" } },
    ]);
    expect(received[0]?.headers.accept).toContain("text/event-stream");
  });

  it("rejects with a problem that comes after estimates, and with one that comes at once", async () => {
    const body = { code: "inference_failed", status: 422, detail: "it failed", instance: "req_2" };
    const late = await standIn(() =>
      stream(event("estimate", { model_rows: 10 }) + event("problem", body)),
    );
    const seen: string[] = [];
    const error = await failure(
      (async () => {
        for await (const { type } of explanations.explainStream(late.client(), ASKED))
          seen.push(type);
      })(),
    );
    expect(seen).toEqual(["estimate"]);
    expect(error).toBeInstanceOf(LinnetError);
    expect(error).toMatchObject({
      code: "inference_failed",
      status: 422,
      requestId: "req_2",
    });
    const soon = await standIn(() => problem(422, "background_missing"));
    const refused = explanations.explainStream(soon.client(), ASKED).next();
    expect(await failure(refused)).toMatchObject({ code: "background_missing", status: 422 });
  });

  it("that breaks off before the explanation is no answer", async () => {
    const { client } = await standIn(() => stream(event("estimate", { model_rows: 10 })));
    const read = Array.fromAsync(explanations.explainStream(client(), ASKED));
    expect(await failure(read)).toMatchObject({ code: "network", status: 0 });
  });

  it("that is aborted rejects with the reason", async () => {
    const { client } = await standIn(() => ({ json: null }));
    const controller = new AbortController();
    const reason = new Error("enough");
    const linnet = client({
      fetch: async (_, { signal }) =>
        new Response(
          new ReadableStream({
            start(body) {
              body.enqueue(new TextEncoder().encode(event("estimate", { model_rows: 1 })));
              signal?.addEventListener("abort", () => body.error(new Error("aborted")));
            },
          }),
        ),
    });
    const events = explanations.explainStream(linnet, ASKED, { signal: controller.signal });
    expect(await events.next()).toMatchObject({ value: { type: "estimate" } });
    controller.abort(reason);
    expect(await failure(events.next())).toBe(reason);
  });

  it("is read whatever the ends of its lines, and wherever it is cut", async () => {
    const text =
      ": hi\r\nevent: a\r\ndata: 1\r\ndata:2\r\n\r\ndata: é\r\r\n\nevent: b\n\ndata: cut off";
    const bytes = new TextEncoder().encode(text);
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += size)
            controller.enqueue(bytes.slice(at, at + size));
          controller.close();
        },
      });
      expect(await Array.fromAsync(serverEvents(body)), `pieces of ${size}`).toEqual([
        { type: "a", data: "1\n2" },
        { type: "message", data: "é" },
      ]);
    }
  });

  it("is given back when the loop is left", async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const { data } of serverEvents(body)) if (data === "1") break;
    expect(cancelled).toBe(true);
  });
});

describe("many rows", () => {
  it("are answered at once or by a job, which a caller tells apart", async () => {
    const { client } = await standIn(({ path }, index) => {
      if (index >= 2) return { status: 202, json: job() };
      return path.endsWith("/global")
        ? { json: { importances: [] } }
        : { json: { items: [{ explanation_id: "xpl_1" }] } };
    });
    const linnet = client();
    const at_once = await explanations.batch(linnet, ASKED);
    expect(at_once).toEqual({ done: [{ explanation_id: "xpl_1" }], job: null });
    expect(await explanations.global(linnet, ASKED)).toEqual({
      done: { importances: [] },
      job: null,
    });
    expect(await explanations.batch(linnet, ASKED)).toEqual({ done: null, job: job() });
    expect(await explanations.global(linnet, ASKED)).toEqual({ done: null, job: job() });
  });

  it("are followed to the end of their job", async () => {
    const { client, received } = await standIn(({ path }) => {
      if (path === "/v1/jobs/job_1")
        return { json: job({ ...SUCCEEDED, explanation_ids: ["xpl_1", "xpl_2"] }) };
      if (path.startsWith("/v1/explanations/xpl_"))
        return { json: { explanation_id: path.slice(17), feature_contributions: [] } };
      return { status: 202, json: job() };
    });
    const progress: number[] = [];
    const made = await explanations.batchToEnd(client(), ASKED, {
      onProgress: ({ rows_done }) => progress.push(rows_done),
    });
    expect(made.map(({ explanation_id }) => explanation_id)).toEqual(["xpl_1", "xpl_2"]);
    expect(progress).toEqual([4]);
    expect(received.map(({ path }) => path)).toEqual([
      "/v1/explanations/batch",
      "/v1/jobs/job_1",
      "/v1/explanations/xpl_1",
      "/v1/explanations/xpl_2",
    ]);
  });

  it("of a global explanation give the one that the job has made", async () => {
    const { client } = await standIn(({ path }) => {
      if (path === "/v1/jobs/job_1")
        return { json: job({ ...SUCCEEDED, explanation_ids: ["xpl_9"] }) };
      if (path === "/v1/explanations/xpl_9")
        return { json: { explanation_id: "xpl_9", importances: [] } };
      return { status: 202, json: job() };
    });
    const made = await explanations.globalToEnd(client(), ASKED);
    expect(made.explanation_id).toBe("xpl_9");
  });

  it.each([
    [
      "fails",
      { problem: { code: "inference_failed", status: 422, detail: "so" } },
      "inference_failed",
    ],
    ["is cancelled", {}, "job_ended"],
  ])("reject where their job %s", async (_, changes, code) => {
    const ended = job({ ...SUCCEEDED, status: "cancelled", rows_done: 2, ...changes });
    const { client } = await standIn(({ path }) =>
      path === "/v1/jobs/job_1" ? { json: ended } : { status: 202, json: job() },
    );
    expect(await failure(explanations.batchToEnd(client(), ASKED))).toMatchObject({ code });
  });
});
