import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Answer, problem, type Received, standIn } from "../sdk/stand-in.ts";
import {
  drift,
  ENDED,
  explanation,
  globalExplanation,
  job,
  VERSION,
} from "./explanation-fixture.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

const VIEW = explanation([["radius", 3, 0.4]]);
const SUMMARY = {
  explanation_id: "xpl_1",
  kind: "local",
  model_id: "mdl_1",
  model_version: 2,
  method: "kernel",
  prediction_id: null,
  computation_time_ms: 12.3456,
  created_at: "2026-11-21T09:30:00.000Z",
  expires_at: "2026-11-22T09:30:00.000Z",
};
const SET = {
  background_id: "bkg_1",
  name: "default",
  model: "wdbc",
  version: 2,
  method: "k_means",
  rows: 30,
  source_rows: 228,
  seed: 0,
  created_at: "2026-11-21T09:30:00.000Z",
  created_by: "key_1",
};

/** Runs a command line on a platform whose answers are these, and answers with what it received. */
async function cli(args: string[], answer: (request: Received) => Answer, input?: string) {
  const { url, received } = await standIn(answer);
  const ran = await runCli(args, { url, ...(input === undefined ? {} : { input }) });
  return { ...ran, received, last: received.at(-1) };
}

const calls = (received: Received[]): string[] =>
  received.map(({ method, path }) => `${method} ${path}`);

describe("explanations", () => {
  it("list shows a page, of what is asked for", async () => {
    const flags = "--model wdbc@2 --kind local --method kernel --prediction prd_1 --limit 1";
    const { code, stdout, stderr, last } = await cli(
      ["explanations", "list", ...flags.split(" ")],
      () => ({ json: { items: [SUMMARY], next_cursor: "c" } }),
    );
    expect(code).toBe(0);
    expect(last?.query).toEqual({
      model: "wdbc",
      version: "2",
      kind: "local",
      method: "kernel",
      prediction_id: "prd_1",
      limit: "1",
    });
    expect(stdout).toBe(`explanation  kind   method  version     ms  created (UTC)
xpl_1        local  kernel        2  12.35  2026-11-21 09:30:00
`);
    expect(stderr).toBe("there are more: add --all, or --cursor c\n");
  });

  it("list goes on where a page ended, and reads everything with --all", async () => {
    const more = await cli(["explanations", "list", "--cursor", "c"], () => ({
      json: { items: [], next_cursor: null },
    }));
    expect(more.last?.query).toEqual({ cursor: "c", limit: "50" });
    expect(more.stderr).toContain("no explanations; `linnet explain");
    const all = await cli(["explanations", "list", "--all", "--json"], ({ query }) => ({
      json: query["cursor"]
        ? { items: [SUMMARY], next_cursor: null }
        : { items: [SUMMARY], next_cursor: "c" },
    }));
    expect(JSON.parse(all.stdout)).toEqual({ items: [SUMMARY, SUMMARY], next_cursor: null });
  });

  it("an alias means the version that it points at", async () => {
    const { received } = await cli(
      ["explanations", "list", "--model", "wdbc@champion"],
      ({ path }) =>
        path.includes("/aliases/")
          ? { json: { alias: "champion", version: 7 } }
          : { json: { items: [], next_cursor: null } },
    );
    expect(received.at(-1)?.query).toMatchObject({ model: "wdbc", version: "7" });
  });

  it("get shows each kind as it was shown when it was made", async () => {
    const get = (json: unknown) => cli(["explanations", "get", "xpl_1"], () => ({ json }));
    expect((await get(VIEW)).stdout).toMatch(/radius +3 +\+0\.4000/);
    expect((await get(globalExplanation)).stdout).toMatch(/a +0\.4000 +0\.3500 to 0\.4500/);
    expect((await get(drift)).stdout).toMatch(/drifted +a feature matters/);
    const unknown = await cli(["explanations", "get", "xpl_1"], () =>
      problem(404, "explanation_not_found"),
    );
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain("`linnet explanations list`");
  });

  it("delete and prune ask first", async () => {
    const done = () => ({ json: { deleted: 1_234 } });
    const kept = await cli(["explanations", "delete", "xpl_1"], done);
    expect(kept.received).toEqual([]);
    const gone = await cli(["explanations", "delete", "xpl_1", "--yes"], () => ({ status: 204 }));
    expect(gone.stdout).toBe("Deleted xpl_1\n");
    expect(calls(gone.received)).toEqual(["DELETE /v1/explanations/xpl_1"]);

    const args = ["explanations", "prune", "--model", "wdbc", "--older-than-days", "0.5"];
    const unsure = await cli(args, done);
    expect(unsure.received).toEqual([]);
    const pruned = await cli([...args, "--yes"], done);
    expect(pruned.last).toMatchObject({
      method: "DELETE",
      path: "/v1/explanations",
      query: { model: "wdbc", older_than_days: "0.5" },
    });
    expect(pruned.stdout).toBe("Deleted 1,234 explanations\n");
    const all = await cli(["explanations", "prune", "--yes", "--method", "lime"], done);
    expect(all).toMatchObject({ code: 2, received: [] });
    expect(all.stderr).toContain("say what goes");
  });

  it("stats tells how often one was there already", async () => {
    const { stdout, last } = await cli(
      ["explanations", "stats", "--model", "wdbc", "--days", "7"],
      () => ({
        json: {
          days: 7,
          hits: 900,
          misses: 300,
          hit_rate: 0.75,
          miss_rate: 0.25,
          computation_time_ms: 4_321,
          kept: 2,
          kept_bytes: 12_345,
          oldest_at: "2026-11-21T09:30:00.000Z",
          newest_at: null,
          by_method: [{ kind: "local", method: "tree", count: 2, bytes: 12_345 }],
        },
      }),
    );
    expect(last?.query).toEqual({ model: "wdbc", days: "7" });
    expect(stdout).toBe(`last days  7
asked for  1,200
cached     900 (75.00 %)
computing  4321 ms
kept       2, 12.3 kB
oldest     2026-11-21 09:30:00

kind   method  kept     size
local  tree       2  12.3 kB
`);
  });
});

describe("backgrounds", () => {
  const platform = ({ method, path }: Received): Answer => {
    if (path.endsWith("/versions/2")) return { json: VERSION };
    if (method === "DELETE") return { status: 204 };
    return { json: path.endsWith("/backgrounds") ? { items: [SET] } : SET };
  };

  it("put sends the rows of a table, and its labels as strata", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "d.csv"), "a,y,b\n1,benign,2\n3,malignant,4\n");
    const { url, received } = await standIn(platform);
    const flags = "--data d.csv --label-column y --size 1 --seed 3 --method";
    const args = ["backgrounds", "put", "wdbc@2", "default", ...flags.split(" ")];
    const ran = await runCli([...args, "stratified"], { url, cwd });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(received.at(-1)).toMatchObject({
      method: "PUT",
      path: "/v1/models/wdbc/versions/2/backgrounds/default",
    });
    const sent = { inputs: { features: { shape: [2, 2], data: [1, 2, 3, 4] } }, size: 1, seed: 3 };
    expect(JSON.parse(received.at(-1)?.body ?? "")).toEqual({
      ...sent,
      method: "stratified",
      strata: ["benign", "malignant"],
    });
    expect(ran.stdout).toBe(`name     default
id       bkg_1
of       wdbc@2
rows     30 of 228, by k-means
created  2026-11-21 09:30:00 by key_1
`);
    await runCli([...args, "k-means"], { url, cwd });
    expect(JSON.parse(received.at(-1)?.body ?? "")).toEqual({ ...sent, method: "k_means" });
    expect((await runCli([...args, "median"], { url, cwd })).code).toBe(2);
    const none = await runCli(["backgrounds", "put", "wdbc@2", "default"], { url, cwd });
    expect(none.stderr).toContain("give the rows with --data or --input");
  });

  it("list, get and delete", async () => {
    const list = await cli(["backgrounds", "list", "wdbc@2"], platform);
    expect(list.stdout).toBe(`name     rows   of  method   created (UTC)
default    30  228  k-means  2026-11-21 09:30:00
`);
    const get = await cli(["backgrounds", "get", "wdbc@2", "default"], platform);
    expect(get.stdout).toContain("30 of 228, by k-means");
    const kept = await cli(["backgrounds", "delete", "wdbc@2", "default"], platform);
    expect(kept.received).toEqual([]);
    const gone = await cli(["backgrounds", "delete", "wdbc@2", "default", "--yes"], platform);
    expect(gone.stdout).toBe("Deleted default of wdbc@2\n");
    const none = await cli(["backgrounds", "list", "wdbc@2"], () => ({ json: { items: [] } }));
    expect(none.stderr).toContain(
      "`linnet backgrounds put wdbc@2 default --data <file>` keeps one",
    );
  });
});

describe("jobs", () => {
  it("list shows a page by status", async () => {
    const args = ["jobs", "list", "--status", "running"];
    const { stdout, last } = await cli(args, () => ({
      json: { items: [job()], next_cursor: null },
    }));
    expect(last?.query).toEqual({ status: "running", limit: "50" });
    expect(stdout).toBe(`job    kind           status   model    rows  created (UTC)
job_1  explain batch  running  wdbc@2  1,200  2026-11-21 09:30:00
`);
    const none = await cli(["jobs", "list"], () => ({ json: { items: [], next_cursor: null } }));
    expect(none.stderr).toContain("no jobs; `linnet explain global <model> --no-wait`");
  });

  it("get tells why a job failed, and what it has made", async () => {
    const said = { code: "inference_failed", status: 422, detail: "a row has no answer" };
    const changes = {
      ...ENDED,
      status: "failed",
      problem: said,
      explanation_ids: ["xpl_1", "xpl_2"],
    };
    const { stdout } = await cli(["jobs", "get", "job_1"], () => ({ json: job(changes) }));
    expect(stdout).toContain("made     xpl_1 and 1 other\n");
    expect(stdout).toContain("problem  a row has no answer (inference_failed)\n");
    expect(stdout).toContain("ended    2026-11-21 09:31:00\n");
  });

  it("cancel ends one that runs", async () => {
    const { stdout, received } = await cli(["jobs", "cancel", "job_1"], () => ({
      json: job({ status: "cancelled" }),
    }));
    expect(calls(received)).toEqual(["POST /v1/jobs/job_1/cancel"]);
    expect(stdout).toMatch(/status +cancelled/);
    const ended = await cli(["jobs", "cancel", "job_1"], () => problem(409, "job_ended"));
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("`linnet jobs get <id>`");
  });

  it("wait shows what came of it, for either kind", async () => {
    const wait = (kind: string, made: unknown) =>
      cli(["jobs", "wait", "job_1"], ({ path }) =>
        path.startsWith("/v1/jobs/") ? { json: job({ ...ENDED, kind }) } : { json: made },
      );
    const batch = await wait("explain_batch", VIEW);
    expect(batch).toMatchObject({ code: 0, stderr: "" });
    expect(batch.stdout).toMatch(/1 +xpl_1 +1 +0\.9 +radius \+0\.4/);
    const whole = await wait("explain_global", globalExplanation);
    expect(whole.stdout).toMatch(/^explanation +xpl_9\n/);
  });

  it("wait fails with a job that was cancelled", async () => {
    const { code, stdout, stderr } = await cli(["jobs", "wait", "job_1"], () => ({
      json: job({ ...ENDED, status: "cancelled", rows_done: 300 }),
    }));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("job_1 is cancelled after 300 of 1200 rows (job_ended)");
  });
});
