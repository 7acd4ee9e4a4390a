import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { datasetStandIn, sha256 } from "../sdk/dataset-stand-in.ts";
import { problem, type Received } from "../sdk/stand-in.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

/** More than one request carries at once, so that a push goes in chunks. */
const BYTES = Uint8Array.from({ length: 5_000_000 }, (_, at) => (at * 2_654_435_761) >>> 13);

async function folderWith(name: string, bytes: Uint8Array = BYTES): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, name), bytes);
  return folder;
}
const pathsOf = (received: Received[]) =>
  received.map(({ method, path }) => `${method} ${path.slice("/v1/datasets".length)}`);
const statesIn = (home: string) =>
  readdir(join(home, ".config/linnet/uploads")).catch(() => [] as string[]);

describe("data push", () => {
  const push = ["data", "push", "bearings.parquet", "--dataset", "bearings"];

  it("creates the dataset in the format of the file's ending, and says what came of it", async () => {
    const platform = await datasetStandIn(({ method, path }) => {
      if (path !== "/v1/datasets/bearings" && path !== "/v1/datasets") return undefined;
      return method === "GET" ? problem(404, "dataset_not_found") : { status: 201, json: {} };
    });
    const cwd = await folderWith("bearings.parquet", BYTES.subarray(0, 1_000));
    const ran = await runCli([...push, "--tag", "raw", "--message", "first"], {
      url: platform.url,
      cwd,
    });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(pathsOf(platform.received)).toEqual([
      "GET /bearings",
      "POST ",
      "PUT /bearings/versions",
    ]);
    expect(JSON.parse(platform.received[1]?.body ?? "")).toEqual({
      name: "bearings",
      format: "parquet",
    });
    expect(platform.received[2]?.query).toEqual({ tag: "raw", message: "first" });
    expect(ran.stdout).toMatch(/^bearings@1 {2}\(10 rows, 1\.0 kB, 1\.0 kB of it new; dsv_1\)\n$/);
    const again = await runCli(push, { url: platform.url, cwd });
    expect(again.stdout).toContain("bearings@1 has this content already, and is the head");
  });

  it("hands on how the file is to be read", async () => {
    const platform = await datasetStandIn();
    const cwd = await folderWith("bearings.parquet", BYTES.subarray(0, 9));
    const given = ["--delimiter", ";", "--no-header", "--null-value", "NA", "--null-value", "-"];
    await runCli([...push, ...given, "--parent", "dsv_0", "--if-head", "none"], {
      url: platform.url,
      cwd,
    });
    expect(JSON.parse(platform.received[1]?.body ?? "")).toEqual({
      size_bytes: 9,
      if_head: "none",
      parent_version_ids: ["dsv_0"],
      read_options: { delimiter: ";", header: false, null_values: ["NA", "-"] },
    });
  });

  it("goes on after a kill with the upload that it began, and forgets it at the end", async () => {
    let isDown = true;
    const platform = await datasetStandIn(({ path }) =>
      isDown && path.endsWith("/packs")
        ? problem(503, "unavailable", { headers: { "retry-after": "60" } })
        : undefined,
    );
    platform.addVersion(Uint8Array.of(1));
    const cwd = await folderWith("bearings.parquet");
    const cut = await runCli(push, { url: platform.url, cwd });
    expect(cut.code).toBe(4);
    expect(cut.stderr).toContain("the same command goes on with it");
    expect(await statesIn(cwd)).toHaveLength(1);

    isDown = false;
    platform.received.length = 0;
    const ran = await runCli(push, { url: platform.url, cwd });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain("going on with the upload upl_1");
    expect(pathsOf(platform.received).slice(0, 2)).toEqual([
      "GET /bearings",
      "GET /bearings/uploads/upl_1",
    ]);
    expect(platform.uploads.size).toBe(1);
    expect(platform.files.map(sha256)[1]).toBe(sha256(BYTES));
    expect(await statesIn(cwd)).toEqual([]);
  });

  it("begins anew when the file was written to, and when the upload was forgotten", async () => {
    let isDown = true;
    const platform = await datasetStandIn(({ path }) => {
      if (isDown && path.endsWith("/packs"))
        return problem(503, "unavailable", { headers: { "retry-after": "60" } });
      return path.endsWith("/upl_2") ? problem(404, "dataset_upload_not_found") : undefined;
    });
    platform.addVersion(Uint8Array.of(1));
    const cwd = await folderWith("bearings.parquet");
    await runCli(push, { url: platform.url, cwd });
    await utimes(join(cwd, "bearings.parquet"), 1, 1);
    await runCli(push, { url: platform.url, cwd });
    expect([...platform.uploads.keys()]).toEqual(["upl_1", "upl_2"]);
    isDown = false;
    expect((await runCli(push, { url: platform.url, cwd })).code).toBe(0);
    expect([...platform.uploads.keys()]).toEqual(["upl_1", "upl_2", "upl_3"]);
  });

  it("forgets an upload that was refused", async () => {
    const platform = await datasetStandIn(({ path }) =>
      path.endsWith("/chunks") ? problem(409, "schema_incompatible") : undefined,
    );
    platform.addVersion(Uint8Array.of(1));
    const cwd = await folderWith("bearings.parquet");
    const ran = await runCli(push, { url: platform.url, cwd });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("`linnet data show <dataset>`");
    expect(await statesIn(cwd)).toEqual([]);
  });

  it("shows a bar on a terminal alone", async () => {
    const { url, addVersion } = await datasetStandIn();
    addVersion(Uint8Array.of(1));
    const cwd = await folderWith("bearings.parquet");
    const ran = await runCli(push, { url, cwd, terminal: true });
    expect(ran.stderr).toMatch(/bearings\.parquet .*100 %.*5\.0 MB of 5\.0 MB/);
    expect((await runCli([...push, "--json"], { url, cwd, terminal: true })).stderr).toBe("");
  });

  it("says that the dataset is made when its first file was refused", async () => {
    const { url } = await datasetStandIn(({ method, path }) => {
      if (path.endsWith("/versions")) return problem(422, "data_invalid");
      return method === "GET" ? problem(404, "dataset_not_found") : { status: 201, json: {} };
    });
    const cwd = await folderWith("bearings.parquet", BYTES.subarray(0, 9));
    const ran = await runCli(push, { url, cwd });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("bearings is made, and has no version yet\nerror: ");
  });

  it("sends nothing in another format than that of the dataset", async () => {
    const { url, received } = await datasetStandIn();
    const cwd = await folderWith("bearings.parquet", BYTES.subarray(0, 9));
    const ran = await runCli([...push, "--format", "csv"], { url, cwd });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("the format of bearings is parquet, not csv");
    expect(pathsOf(received)).toEqual(["GET /bearings"]);
    await writeFile(join(cwd, "rows.csv"), BYTES.subarray(0, 9));
    const other = ["data", "push", "rows.csv", "--dataset", "bearings"];
    const named = await runCli(other, { url, cwd });
    expect(named.code).toBe(2);
    expect(named.stderr).toContain("not csv: add --format parquet if rows.csv is that");
    for (const said of [
      [...other, "--format", "parquet"],
      [...push, "--format", "parquet"],
    ])
      expect((await runCli(said, { url, cwd })).code).toBe(0);
  });

  it.each([
    ["a file that is not there", "no.csv", /there is no file/],
    ["an empty one", "empty.csv", /is empty/],
    ["one that says no format", "data.bin", /add --format, one of csv, json/],
  ])("refuses %s", async (_, name, message) => {
    const { url } = await datasetStandIn(() => problem(404, "dataset_not_found"));
    const cwd = await folderWith("data.bin");
    await writeFile(join(cwd, "empty.csv"), "");
    const ran = await runCli(["data", "push", name, "--dataset", "bearings"], { url, cwd });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(message);
  });
});

describe("data pull", () => {
  const pull = ["data", "pull", "bearings@1", "-o", "got.bin"];
  const draftsIn = async (cwd: string) =>
    (await readdir(cwd)).filter((name) => name.endsWith(".part"));

  it("writes the file under the name of the version", async () => {
    const { url, addVersion } = await datasetStandIn();
    addVersion(BYTES);
    const cwd = await temporaryFolder();
    const ran = await runCli(["data", "pull", "bearings"], { url, cwd });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toContain(
      `bearings@1 is in bearings-1.parquet  (5.0 MB, sha256 ${sha256(BYTES)}`,
    );
    expect(await readdir(cwd)).toEqual(["bearings-1.parquet"]);
    expect(sha256(await readFile(join(cwd, "bearings-1.parquet")))).toBe(sha256(BYTES));
  });

  it("asks for nothing when the file is there, and for all of it when it is another", async () => {
    const { url, addVersion, received } = await datasetStandIn();
    addVersion(BYTES);
    const cwd = await folderWith("got.bin");
    expect((await runCli(pull, { url, cwd })).stdout).toContain("was in got.bin");
    expect(pathsOf(received).some((path) => path.endsWith("content"))).toBe(false);
    await writeFile(
      join(cwd, "got.bin"),
      BYTES.map((byte) => byte ^ 1),
    );
    expect((await runCli(pull, { url, cwd })).stdout).toContain("is in got.bin");
    expect(sha256(await readFile(join(cwd, "got.bin")))).toBe(sha256(BYTES));
  });

  it("goes on behind what it had when it was killed", async () => {
    const { url, addVersion, received } = await datasetStandIn();
    addVersion(BYTES);
    const cwd = await temporaryFolder();
    const draft = `got.bin.${sha256(BYTES).slice(0, 16)}.part`;
    await writeFile(join(cwd, draft), BYTES.subarray(0, 2_000_000));
    expect((await runCli(pull, { url, cwd })).code).toBe(0);
    expect(received.at(-1)?.headers.range).toBe("bytes=2000000-");
    expect(await readdir(cwd)).toEqual(["got.bin"]);
    expect(sha256(await readFile(join(cwd, "got.bin")))).toBe(sha256(BYTES));
  });

  it("keeps what it has when the platform goes away, and nothing under the file's name", async () => {
    const stop = new AbortController();
    const { url, addVersion } = await datasetStandIn(({ path, headers }) => {
      if (!path.endsWith("content")) return undefined;
      if (headers.range !== undefined) {
        setTimeout(() => stop.abort(), 10);
        return "silence";
      }
      return { headers: { "content-length": "5000000" }, bytes: BYTES, cutAfter: 100_000 };
    });
    addVersion(BYTES);
    const cwd = await temporaryFolder();
    const ran = await runCli(pull, { url, cwd, signal: stop.signal });
    expect(ran.code).toBe(130);
    const [draft = "", ...others] = await readdir(cwd);
    expect([...others, draft.endsWith(".part")]).toEqual([true]);
    expect(await readFile(join(cwd, draft))).toHaveLength(100_000);
  });

  it("keeps nothing of bytes that are not the version's", async () => {
    const { url, addVersion } = await datasetStandIn(({ path }) =>
      path.endsWith("content") ? { bytes: BYTES.map((byte) => byte ^ 1) } : undefined,
    );
    addVersion(BYTES);
    const cwd = await temporaryFolder();
    const ran = await runCli(pull, { url, cwd });
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain("SHA-256");
    expect(await draftsIn(cwd)).toEqual([]);
    expect(await readdir(cwd)).toEqual([]);
  });

  it("goes on with what it has when an answer was not the one it asked for", async () => {
    const { url, addVersion } = await datasetStandIn(({ path }) =>
      path.endsWith("content") ? { bytes: BYTES } : undefined,
    );
    addVersion(BYTES);
    const cwd = await temporaryFolder();
    const draft = join(cwd, `got.bin.${sha256(BYTES).slice(0, 16)}.part`);
    await writeFile(draft, BYTES.subarray(0, 10));
    expect((await runCli(pull, { url, cwd })).code).toBe(4);
    expect(await readFile(draft)).toHaveLength(10);
  });

  it("writes into a folder under the name of the version, and into none that is not there", async () => {
    const { url, addVersion } = await datasetStandIn();
    addVersion(BYTES);
    const cwd = await temporaryFolder();
    await mkdir(join(cwd, "raw"));
    const ran = await runCli(["data", "pull", "bearings", "-o", "raw"], { url, cwd });
    expect(ran.stdout).toContain("is in raw/bearings-1.parquet ");
    expect(await readdir(cwd)).toEqual(["raw"]);
    expect(await readdir(join(cwd, "raw"))).toEqual(["bearings-1.parquet"]);
    const none = await runCli(["data", "pull", "bearings", "-o", "no/got.bin"], { url, cwd });
    expect(none.code).toBe(2);
    expect(none.stderr).toContain("there is no folder ");
    expect(await readdir(cwd)).toEqual(["raw"]);
  });

  it("writes to standard output", async () => {
    const { url, addVersion } = await datasetStandIn();
    addVersion(new TextEncoder().encode("a,b\n1,2\n"));
    const ran = await runCli(["data", "pull", "bearings@1", "-o", "-"], { url });
    expect(ran).toEqual({ code: 0, stdout: "a,b\n1,2\n", stderr: "" });
  });

  it("takes what was the head at a time", async () => {
    const { url, addVersion, received } = await datasetStandIn();
    addVersion(BYTES);
    const cwd = await temporaryFolder();
    await runCli(["data", "pull", "bearings", "--as-of", "2026-11-21"], { url, cwd });
    expect(received[0]?.query).toEqual({ as_of: "2026-11-21T00:00:00.000Z" });
    const wrong = await runCli(["data", "pull", "bearings", "--as-of", "soon"], { url, cwd });
    expect(wrong.code).toBe(2);
  });
});

it("data export writes another format, or nothing", async () => {
  let isBroken = false;
  const { url, addVersion, received } = await datasetStandIn(({ path }) => {
    if (!path.endsWith("export")) return undefined;
    const bytes = new TextEncoder().encode("a,b\n");
    return isBroken ? { headers: { "content-length": "9" }, bytes, cutAfter: 2 } : { bytes };
  });
  addVersion(BYTES);
  const cwd = await temporaryFolder();
  const exported = ["data", "export", "bearings", "--format", "csv"];
  const ran = await runCli(exported, { url, cwd });
  expect(ran.stdout).toContain("bearings@1 is in bearings-1.csv as csv  (4 B)");
  expect(received.at(-1)?.query).toEqual({ format: "csv" });
  expect(await readFile(join(cwd, "bearings-1.csv"), "utf8")).toBe("a,b\n");
  isBroken = true;
  expect((await runCli([...exported, "-o", "other.csv"], { url, cwd })).code).not.toBe(0);
  expect(await readdir(cwd)).toEqual(["bearings-1.csv"]);
});
