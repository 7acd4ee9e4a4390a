import { expect, onTestFinished, test, vi } from "vitest";
import { createClient, jobs } from "../../../clients/sdk/index.ts";
import { problem, standIn } from "./stand-in.ts";

const job = (rows_done: number, ended_at: string | null = null) => ({
  job_id: "job_1",
  status: ended_at === null ? "running" : "succeeded",
  rows: 4,
  rows_done,
  problem: null,
  ended_at,
});
const ENDED = "2026-11-21T09:30:00.000Z";

test("each call goes to its address; a job is cancelled once", async () => {
  const { client, received } = await standIn(({ method }) =>
    method === "POST" ? problem(503, "unavailable") : { json: { items: [], next_cursor: null } },
  );
  const linnet = client();
  await jobs.list(linnet, { status: "running", limit: 5 });
  await jobs.get(linnet, "job_1");
  expect(await Array.fromAsync(jobs.all(linnet))).toEqual([]);
  await expect(jobs.cancel(linnet, "job_1")).rejects.toMatchObject({ code: "unavailable" });
  expect(received.map(({ method, path, query }) => [method, path, query])).toEqual([
    ["GET", "/v1/jobs", { status: "running", limit: "5" }],
    ["GET", "/v1/jobs/job_1", {}],
    ["GET", "/v1/jobs", {}],
    ["POST", "/v1/jobs/job_1/cancel", {}],
  ]);
});

test("a wait asks until the job has ended, and tells how far it is", async () => {
  const { client, received } = await standIn((_, index) => {
    if (index === 1) return problem(503, "unavailable", { headers: { "retry-after": "0" } });
    return { json: index === 0 ? job(1) : job(4, ENDED) };
  });
  const seen: number[] = [];
  const ended = await jobs.wait(client(), "job_1", {
    onProgress: ({ rows_done }) => seen.push(rows_done),
  });
  expect(ended).toEqual(job(4, ENDED));
  expect(seen).toEqual([1, 4]);
  expect(received).toHaveLength(3);
});

test("an aborted wait ends at once and leaves the job alone", async () => {
  // No time passes, so that only the signal can end the pause between two looks.
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const asked: string[] = [];
  const client = createClient({
    baseUrl: "http://linnet.test",
    fetch: async (url, { method = "" }) => {
      asked.push(`${method} ${new URL(url).pathname}`);
      return Response.json(job(1));
    },
  });
  const controller = new AbortController();
  const reason = new Error("enough");
  const waited = jobs.wait(client, "job_1", {
    signal: controller.signal,
    onProgress: () => queueMicrotask(() => controller.abort(reason)),
  });
  await expect(waited).rejects.toBe(reason);
  expect(asked).toEqual(["GET /v1/jobs/job_1"]);
});

test("a job that nobody knows is not waited for", async () => {
  const { client } = await standIn(() => problem(404, "job_not_found"));
  await expect(jobs.wait(client(), "job_1")).rejects.toMatchObject({ code: "job_not_found" });
});
