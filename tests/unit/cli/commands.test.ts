import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { problem, standIn } from "../sdk/stand-in.ts";
import { capture, KEY, runCli, SECRET, temporaryFolder } from "./run-cli.ts";

const MODEL = {
  id: "mdl_1",
  name: "wdbc",
  description: "tumours",
  latest_version: 2,
  aliases: [{ alias: "champion", version: 1, updated_at: "2026-11-21T09:30:00.000Z" }],
  created_at: "2026-11-21T09:30:00.000Z",
  updated_at: "2026-11-21T09:30:00.000Z",
};
const page = { items: [MODEL], next_cursor: "m2" };
const ok = (json: unknown) => standIn(() => ({ json }));

describe("exit codes", () => {
  it.each([
    ["0 for help", ["--help"], 0],
    ["0 for the version", ["--version"], 0],
    ["2 without a command", [], 2],
    ["2 for an unknown command", ["fly"], 2],
    ["2 for an unknown option", ["health", "--fast"], 2],
    ["2 for a missing argument", ["models", "get"], 2],
    ["2 for a missing option", ["models", "push", "x.onnx"], 2],
    ["2 for a bad number", ["models", "promote", "wdbc", "newest"], 2],
    ["2 for a bad choice", ["experiments", "list", "--status", "dead"], 2],
    ["3 without a login", ["models", "list"], 3],
  ])("%s", async (_, args, code) => {
    const ran = await runCli(args);
    expect(ran.code).toBe(code);
    if (code !== 0) expect(ran.stdout).toBe("");
  });

  it.each([
    ["key_revoked", 401, 3],
    ["scope_missing", 403, 3],
    ["model_not_found", 404, 1],
    ["quota_exhausted", 429, 1],
    ["internal", 500, 4],
  ])("for %s", async (code, status, exit) => {
    const headers = { "retry-after": "61" };
    const { url } = await standIn(() => problem(status, code, { headers }));
    const ran = await runCli(["models", "get", "wdbc"], { url });
    expect(ran.code).toBe(exit);
    expect(ran.stdout).toBe("");
    expect(ran.stderr).toContain(`error: because of ${code} (${code})\n  request req_1`);
    if (code === "quota_exhausted") expect(ran.stderr).toContain("try again in 61 s");
    if (code === "model_not_found") expect(ran.stderr).toContain("`linnet models list`");
  });

  it("4 when nobody listens", async () => {
    const ran = await runCli(["models", "list"], { url: "http://127.0.0.1:9" });
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain("cannot reach http://127.0.0.1:9");
  });

  it("4 when a part is down", async () => {
    const down = { name: "r2", status: "failed", latency_ms: 3, detail: "no bucket" };
    const json = { status: "failed", version: "1", checked_at: "", dependencies: [down] };
    const { url } = await standIn(() => ({ status: 503, json }));
    const ran = await runCli(["health", "--url", url]);
    expect(ran.code).toBe(4);
    expect(ran.stdout).toMatch(/r2 +failed +3\.00 {2}no bucket/);
  });

  it("130 when interrupted", async () => {
    const { url } = await standIn(() => "silence");
    const signal = AbortSignal.timeout(60);
    expect(await runCli(["models", "list"], { url, signal })).toMatchObject({
      code: 130,
      stdout: "",
      stderr: "",
    });
  });
});

describe("--json", () => {
  it("prints the API's page on standard output and nothing else", async () => {
    const { url } = await ok(page);
    const ran = await runCli(["models", "list", "--json"], { url });
    expect(JSON.parse(ran.stdout)).toEqual(page);
    expect(ran.stderr).toBe("");
    expect(await runCli(["--json", "models", "list"], { url })).toEqual(ran);
  });

  it("reads every page with --all", async () => {
    const { url } = await standIn((_, index) => ({
      json: { items: [{ ...MODEL, name: `m${index}` }], next_cursor: index < 2 ? "x" : null },
    }));
    const { stdout } = await runCli(["models", "list", "--all", "--json"], { url });
    const read = JSON.parse(stdout) as typeof page;
    expect(read.items.map(({ name }) => name)).toEqual(["m0", "m1", "m2"]);
    expect(read.next_cursor).toBeNull();
  });

  it("prints a failure as one line on standard error", async () => {
    const errors = [{ pointer: "#/name", detail: "too long" }];
    const { url } = await standIn(() => problem(404, "model_not_found", { members: { errors } }));
    const ran = await runCli(["models", "get", "wdbc", "--json"], { url });
    expect(ran.stdout).toBe("");
    expect(JSON.parse(ran.stderr)).toEqual({
      error: {
        code: "model_not_found",
        detail: "because of model_not_found",
        status: 404,
        request_id: "req_1",
        hint: "`linnet models list` shows your models",
        errors,
      },
    });
  });
});

it("prints a table without colours into a pipe, and says that there is more", async () => {
  const { url } = await ok(page);
  const ran = await runCli(["models", "list"], { url });
  expect(ran.stdout).toBe(
    "name  latest  aliases     description  updated (UTC)\n" +
      "wdbc       2  champion=1  tumours      2026-11-21 09:30:00\n",
  );
  expect(ran.stderr).toBe("there are more: add --all, or --cursor m2\n");
});

describe("login", () => {
  it("reads the key from standard input, tries it, keeps it and never shows it", async () => {
    const { url, received } = await ok({ items: [], next_cursor: null });
    const home = await temporaryFolder();
    const ran = await runCli(["login", "--url", url], { input: `${KEY}\n`, home });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toBe(`Logged in to ${url} with sk_test_01m7xz44n3e349cyab4cnrhn0d…\n`);
    expect(received[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    const kept = await readFile(join(home, ".config/linnet/config.json"), "utf8");
    expect(JSON.parse(kept)).toEqual({ url, api_key: KEY });

    const shown = await runCli(["whoami"], { home });
    expect(shown.stdout).toContain(`platform  ${url}`);
    expect(shown.stdout + shown.stderr).not.toContain(SECRET);
    expect((await runCli(["logout"], { home })).code).toBe(0);
    expect((await runCli(["whoami"], { home })).code).toBe(3);
  });

  it("keeps nothing when the platform refuses the key", async () => {
    const { url } = await standIn(() => problem(401, "key_rejected"));
    const home = await temporaryFolder();
    const ran = await runCli(["login", "--url", url, "--key", KEY], { home });
    expect(ran.code).toBe(3);
    expect(ran.stdout + ran.stderr).not.toContain(SECRET);
    expect((await runCli(["whoami"], { home })).code).toBe(3);
  });

  it("takes a key that may do other things than list models", async () => {
    const { url } = await standIn(() => problem(403, "scope_missing"));
    expect((await runCli(["login", "--url", url, "--key", KEY])).code).toBe(0);
  });

  it("does not repeat a key that cannot be sent", async () => {
    const broken = `${SECRET}\u0001`;
    const ran = await runCli(["login", "--url", "http://127.0.0.1:9", "--key", broken]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).not.toContain(SECRET);
  });
});

it("shows a new key once, on standard output", async () => {
  const { url, received } = await standIn(() => ({ status: 201, json: { id: "key_1", key: KEY } }));
  const args = ["keys", "create", "checkout", "--scope", "predict", "--scope", "outcomes:write"];
  const ran = await runCli([...args, "--rate-limit", "10"], { url });
  expect(ran.stdout).toBe(`${KEY}\n`);
  expect(ran.stderr).not.toContain(SECRET);
  expect(JSON.parse(received[0]?.body ?? "")).toEqual({
    name: "checkout",
    scopes: ["predict", "outcomes:write"],
    rate_limit: 10,
  });
});

describe("deleting", () => {
  it("needs --yes where nobody can be asked", async () => {
    const { url, received } = await standIn(() => ({ status: 204 }));
    const refused = await runCli(["models", "delete", "wdbc"], { url });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--yes");
    expect(received).toHaveLength(0);
    const done = await runCli(["models", "delete", "wdbc@3", "--yes", "--json"], { url });
    expect(JSON.parse(done.stdout)).toEqual({ deleted: "wdbc@3" });
    expect(received[0]).toMatchObject({ method: "DELETE", path: "/v1/models/wdbc/versions/3" });
  });

  it.each([
    ["y\n", 1],
    ["\n", 0],
    ["nope\n", 0],
  ])("asks on a terminal and hears %j", async (answer, deleted) => {
    const { url, received } = await standIn(() => ({ status: 204 }));
    const { stream } = capture({ isTTY: true });
    setTimeout(() => stream.write(answer), 20);
    const ran = await runCli(["models", "delete", "wdbc"], { url, stdin: stream });
    expect(ran.stderr).toMatch(/^Delete model wdbc with all its versions\? \[y\/N\] /);
    expect(received).toHaveLength(deleted);
  });
});

describe("models push", () => {
  const version = { model: "wdbc", version: 3, sha256: "abc", size_bytes: 4 };
  const platform = (first: Parameters<typeof standIn>[0]) =>
    standIn((request, index) => {
      if (index === 0) return first(request, index);
      if (request.path.endsWith("/versions")) return { status: 201, json: version };
      return { status: 201, json: { alias: "champion", version: 3, history: [] } };
    });
  const file = async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "x.onnx"), "onnx");
    return cwd;
  };

  it("makes the model if there is none, sends the file and moves the alias", async () => {
    const { url, received } = await platform(() => problem(404, "model_not_found"));
    const args = ["models", "push", "x.onnx", "--model", "wdbc", "--alias", "champion"];
    const ran = await runCli(args, { url, cwd: await file() });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toBe("wdbc@3, and champion points at it  (4 B, sha256 abc)\n");
    expect(received.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /v1/models/wdbc",
      "POST /v1/models",
      "PUT /v1/models/wdbc/versions",
      "PUT /v1/models/wdbc/aliases/champion",
    ]);
    expect(received[2]).toMatchObject({ body: "onnx", headers: { "content-length": "4" } });
  });

  it("draws its bar on a terminal only", async () => {
    const { url } = await platform(() => ({ json: MODEL }));
    const args = ["models", "push", "x.onnx", "--model", "wdbc"];
    const ran = await runCli(args, { url, cwd: await file(), terminal: true });
    expect(ran.stderr).toMatch(/x\.onnx .*█/);
    expect(ran.stdout).not.toContain("█");
  });

  it("refuses a file that is not there before it asks anybody", async () => {
    const { url, received } = await platform(() => ({ json: MODEL }));
    expect((await runCli(["models", "push", "no.onnx", "--model", "wdbc"], { url })).code).toBe(2);
    expect(received).toHaveLength(0);
  });
});

describe("models download", () => {
  const bytes = "onnx";
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const download = (etag: string) =>
    standIn(({ path }) =>
      path.endsWith("/content") ? { headers: { etag }, text: bytes } : { json: MODEL },
    );

  it("takes the version that a prediction would use, and checks the bytes", async () => {
    const { url, received } = await download(`"${sha256}"`);
    const cwd = await temporaryFolder();
    const ran = await runCli(["models", "download", "wdbc", "--json"], { url, cwd });
    const path = join(cwd, "wdbc-1.onnx");
    expect(JSON.parse(ran.stdout)).toEqual({
      model: "wdbc",
      version: 1,
      path,
      size_bytes: 4,
      sha256,
    });
    expect(await readFile(path, "utf8")).toBe(bytes);
    expect(received[1]?.path).toBe("/v1/models/wdbc/versions/1/content");
  });

  it("keeps no file with other bytes", async () => {
    const { url } = await download('"0000"');
    const cwd = await temporaryFolder();
    const ran = await runCli(["models", "download", "wdbc@1", "-o", "m.onnx"], { url, cwd });
    expect(ran.code).toBe(4);
    await expect(readFile(join(cwd, "m.onnx"))).rejects.toThrow("ENOENT");
  });

  it("writes to standard output", async () => {
    const { url } = await download(`W/"${sha256}"`);
    const ran = await runCli(["models", "download", "wdbc@1", "-o", "-"], { url });
    expect(ran).toMatchObject({ code: 0, stdout: bytes });
  });
});

describe("predict", () => {
  const answer = { model: "wdbc", version: 1, outputs: { p: [[1]] }, latency_ms: 2 };

  it.each([
    ["--input", ["--input", '{"x":[1]}'], undefined],
    ["a body of the API", ["--input", '{"inputs":{"x":[1]}}'], undefined],
    ["standard input", [], '{"x":[1]}'],
  ])("takes its input from %s", async (_, args, input) => {
    const { url, received } = await ok(answer);
    const given = input === undefined ? {} : { input };
    const ran = await runCli(["predict", "wdbc", ...args], { url, ...given });
    expect(ran.stdout).toBe('{"p":[[1]]}\n');
    expect(received[0]).toMatchObject({ path: "/v1/models/wdbc/predict", query: {} });
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({ inputs: { x: [1] } });
  });

  it.each([
    [["wdbc@2"], { version: "2" }],
    [["wdbc", "--version", "2"], { version: "2" }],
    [["wdbc@blue"], { alias: "blue" }],
    [["wdbc", "--alias", "blue"], { alias: "blue" }],
  ])("asks %j for a version", async (args, query) => {
    const { url, received } = await ok(answer);
    await runCli(["predict", ...args, "--input", "{}"], { url });
    expect(received[0]?.query).toEqual(query);
  });

  it("lets an experiment choose for a user", async () => {
    const { url, received } = await ok({ ...answer, variant_id: "var_1", epoch: 1 });
    const args = ["predict", "--experiment", "exp_1", "--user", "ada", "--no-sticky"];
    await runCli([...args, "--input", "{}", "--request-id", "r1"], { url });
    expect(received[0]?.path).toBe("/v1/experiments/exp_1/predict");
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({
      inputs: {},
      user_id: "ada",
      request_id: "r1",
      sticky: false,
    });
  });

  it("tells an experiment what targeting looks at, or which variant to preview", async () => {
    const { url, received } = await ok({ ...answer, variant_id: "var_1", epoch: 1 });
    const args = ["predict", "--experiment", "exp_1", "--request-id", "r1", "--input", "{}"];
    await runCli([...args, "--attributes", '{"country":"FR"}', "--preview", "wdbc@2"], { url });
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({
      inputs: {},
      request_id: "r1",
      attributes: { country: "FR" },
      preview: "wdbc@2",
    });
  });

  it.each([
    ["a preview without an experiment", ["wdbc", "--preview", "wdbc@2", "--input", "{}"]],
    ["no model", ["--input", "{}"]],
    ["a model and an experiment", ["wdbc", "--experiment", "exp_1", "--input", "{}"]],
    ["a version twice", ["wdbc@1", "--alias", "blue", "--input", "{}"]],
    ["no JSON", ["wdbc", "--input", "{"]],
    ["no object", ["wdbc", "--input", "[1]"]],
    ["no file", ["wdbc", "--file", "nowhere.json"]],
  ])("refuses %s", async (_, args) => {
    const { url, received } = await ok(answer);
    expect((await runCli(["predict", ...args], { url })).code).toBe(2);
    expect(received).toHaveLength(0);
  });
});
