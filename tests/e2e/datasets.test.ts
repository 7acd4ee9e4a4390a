import { createCipheriv, createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  createClient,
  datasets,
  type Fetch,
  lineage,
  type Linnet,
  LinnetError,
  platform,
  runs,
} from "../../clients/sdk/index.ts";
import { encodePack } from "../../contract/dataset-file.ts";
import type { ModelDataView } from "../../contract/lineage.ts";
import type { Problem } from "../../contract/problem.ts";
import { makeSecrets } from "../../scripts/lib/local.ts";
import { ROOT } from "../../scripts/lib/build.ts";
import { type HostileFile, LYING_FILES } from "./support/hostile-files.ts";
import { type Command, runCommand } from "./support/newcomer.ts";
import { runPlatform, type RunningPlatform } from "./support/platform.ts";

let running: RunningPlatform;
beforeAll(async () => {
  running = await runPlatform();
});
afterAll(() => running.stop());

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

type Reply<Body> = { status: number; body: Body };

/** A request as anyone may send it. */
async function ask<Body>(
  operation: string,
  json?: object,
  bytes?: Uint8Array,
): Promise<Reply<Body>> {
  const [method = "", path = ""] = operation.split(" ");
  const body = bytes ? new Uint8Array(bytes) : json && JSON.stringify(json);
  const type = bytes ? "application/octet-stream" : "application/json";
  const response = await fetch(`${running.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${running.key}`, "content-type": type },
    ...(body && { body }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}

/** What the SDK was refused with. */
async function refusal(call: Promise<unknown>): Promise<Problem | null> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof LinnetError) return error.problem ?? null;
  throw error ?? new Error("it was not refused");
}

describe("a dataset and what is learnt from it", () => {
  const table = (rows: number[][]) =>
    new TextEncoder().encode(`id,rpm,load\n${rows.map((row) => `${row.join(",")}\n`).join("")}`);
  const rows = Array.from({ length: 20_000 }, (_, id) => [id, 1_000 + (id % 977), (id * 7) % 13]);
  const edited = [
    ...rows.filter(([id]) => id !== 6_000),
    [20_000, 1_200, 5],
    [20_001, 1_300, 6],
  ].map((row) => (row[0] === 12_345 ? [12_345, 9_999, row[2] ?? 0] : row));

  it("is pushed, edited, pushed again, compared, trained on, traced, and kept while it is needed", async () => {
    const { admin } = running;
    await datasets.create(admin, { name: "bearings", format: "csv" });
    const first = await datasets.push(admin, "bearings", table(rows), { tags: ["raw"] });
    const second = await datasets.push(admin, "bearings", table(edited));
    expect([first.version_number, second.version_number]).toEqual([1, 2]);
    expect(second.new_bytes).toBeLessThan(second.size_bytes);

    const found = await datasets.compare(admin, "bearings", { from: "raw", key: "id" });
    expect(found).toMatchObject({ added: 2, removed: 1, changed: 1 });
    expect(found.changed_by_column).toEqual([{ column: "rpm", rows: 1 }]);
    const then = await datasets.getVersion(admin, "bearings", "head", { as_of: first.created_at });
    expect(then.version_id).toBe(first.version_id);

    await ask("POST /v1/models", { name: "detector" });
    const model = await readFile("examples/wdbc/models/wdbc-mlp.onnx");
    await ask("PUT /v1/models/detector/versions", undefined, model);
    const run = await runs.create(admin, {
      name: "bearings, first try",
      inputs: [second.version_id],
      outputs: [{ model: "detector", version: 1 }],
      metrics: { accuracy: 0.97 },
      status: "succeeded",
    });
    const { body: data } = await ask<ModelDataView>("PUT /v1/models/detector/versions/1/data", {
      dataset_versions: [second.version_id],
    });
    expect(data).toMatchObject({ dataset_versions: [second.version_id], runs: [run.run_id] });

    const { nodes } = await lineage.trace(admin, data.node_id, "upstream");
    const traced = nodes.map(({ node_id }) => node_id);
    expect(traced).toEqual(expect.arrayContaining([run.run_id, second.version_id]));
    const { affected } = await lineage.impact(admin, { version_ids: [second.version_id] });
    expect(affected.map(({ node_id }) => node_id)).toContain(data.node_id);

    await datasets.push(admin, "bearings", table(rows));
    const kept = await refusal(datasets.removeVersion(admin, "bearings", 2));
    expect(kept).toMatchObject({ code: "dataset_version_in_use" });
    expect(kept?.["used_by"]).toEqual(expect.arrayContaining([run.run_id, data.node_id]));
    const whole = await refusal(datasets.remove(admin, "bearings"));
    expect(whole).toMatchObject({ code: "dataset_in_use" });
    expect((await datasets.getVersion(admin, "bearings", 2)).row_count).toBe(20_001);
  });

  it("has gap-free numbers when fifty write at once, and each finds its own file", async () => {
    const { admin } = running;
    await datasets.create(admin, { name: "crowded", format: "csv" });
    const files = Array.from({ length: 50 }, (_, writer) =>
      new TextEncoder().encode(`writer,value\n${writer},0.5\n`),
    );
    const written = await Promise.all(
      files.map((file) => datasets.putFile(admin, "crowded", file, { retries: 8 })),
    );
    const numbers = written.map(({ version_number }) => version_number);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from(files, (_, at) => at + 1));
    expect(written.map((version) => version.content_hash)).toEqual(files.map(sha256));
    const listed = await Array.fromAsync(datasets.allVersions(admin, "crowded"));
    expect(listed.map(({ version_number }) => version_number)).toEqual(
      Array.from(files, (_, at) => 50 - at),
    );
    expect(listed[0]?.is_head).toBe(true);
  });
});

describe("a file whose ends show that it cannot be a version", () => {
  it("is refused before any of it is kept", async () => {
    const { admin } = running;
    await datasets.create(admin, { name: "loads", format: "csv" });
    const first = await datasets.push(admin, "loads", new TextEncoder().encode("id,load\n1,0.5\n"));
    const rows = Array.from({ length: 250_000 }, (_, id) => `${id},load of ${id * 7_919}\n`);
    const file = new TextEncoder().encode(`id,load\n${rows.join("")}`);
    expect(file.length).toBeGreaterThan(5_000_000);
    const refused = await refusal(datasets.push(admin, "loads", file));
    expect(refused).toMatchObject({ code: "schema_incompatible", field: "load" });
    // Of the request that sent the ends, and not of an upload that was read.
    expect(refused?.instance).toMatch(/^req_/);
    expect(await datasets.get(admin, "loads")).toMatchObject({
      versions: 1,
      stored_bytes: first.size_bytes,
    });
  });
});

describe("a client that declares what is not so", () => {
  const file = ["id,value\n1,0.5\n", "2,0.75\n"].map((text) => Buffer.from(text));
  const chunks = file.map((bytes) => ({ sha256: sha256(bytes), length: bytes.length }));
  const size_bytes = Buffer.concat(file).length;

  it("is told so, and goes on with the truth", async () => {
    const { admin } = running;
    await datasets.create(admin, { name: "declared", format: "csv" });
    const { upload_id: id } = await datasets.beginUpload(admin, "declared", { size_bytes });
    const declare = (at: number, length = 0) =>
      datasets.declareChunks(admin, "declared", id, {
        at,
        chunks: chunks.map((chunk, index) => ({
          ...chunk,
          length: chunk.length + (index === 0 ? length : -length),
        })),
      });
    const commit = () => datasets.commitUpload(admin, "declared", id);

    expect(await refusal(declare(1))).toMatchObject({ field: "at" });
    await declare(0, 1);
    expect(await refusal(declare(2))).toMatchObject({ field: "chunks" });
    await datasets.putPack(admin, "declared", id, encodePack(file));
    expect(await refusal(commit())).toMatchObject({ code: "upload_incomplete", missing: 2 });
    expect(await declare(0)).toEqual({ missing: [] });
    expect((await commit()).version).toMatchObject({
      version_number: 1,
      content_hash: sha256(Buffer.concat(file)),
    });
  });
});

describe("a client that goes away before the end of its body", () => {
  /** Sends a part of what its head promises, and closes the connection. */
  async function leave(path: string, part: string): Promise<void> {
    const { hostname, port } = new URL(running.url);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    const head = [
      `PUT ${path} HTTP/1.1`,
      `host: ${hostname}`,
      `authorization: Bearer ${running.key}`,
      "content-type: application/octet-stream",
      "content-length: 5000000",
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n${part}`);
    await setTimeout(300);
    socket.destroy();
  }

  it("has made nothing, and is no failure in the log", async () => {
    const { admin } = running;
    await datasets.create(admin, { name: "left", format: "csv" });
    await ask("POST /v1/models", { name: "left" });
    const paths = ["/v1/datasets/left/versions", "/v1/models/left/versions"];
    for (const path of paths) await leave(path, `a,b\n${"1,2\n".repeat(1_000)}`);
    for (const path of paths)
      await vi.waitFor(
        () => {
          const lines = running.logs().filter((line) => line.includes(`"${path}"`));
          expect(lines.join("\n")).toContain('"status":400');
        },
        { timeout: 20_000 },
      );
    expect(running.logs().filter((line) => line.includes("request_failed"))).toEqual([]);
    expect(await datasets.get(admin, "left")).toMatchObject({ versions: 0, stored_bytes: 0 });
  });
});

describe("a hostile file", () => {
  const FORMATS = ["parquet", "hdf5", "mat"] as const;

  /** The same rows in each format, cut off where half of the file is missing. */
  async function truncatedFiles(): Promise<HostileFile[]> {
    const { admin } = running;
    await datasets.create(admin, { name: "whole", format: "csv" });
    const text = Array.from({ length: 500 }, (_, id) => `${id},${id / 3}\n`).join("");
    await datasets.putFile(admin, "whole", new TextEncoder().encode(`id,value\n${text}`));
    return Promise.all(
      FORMATS.map(async (format) => {
        const { url } = await datasets.createLink(admin, "whole", "head", { format });
        const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
        return { what: "half of a file", format, bytes: bytes.subarray(0, bytes.length / 2) };
      }),
    );
  }

  it("is refused with a problem, leaves nothing behind, and harms nobody", async () => {
    const { admin } = running;
    const files = [...LYING_FILES, ...(await truncatedFiles())];
    for (const [at, { what, format, bytes }] of files.entries()) {
      const name = `hostile-${at}`;
      await datasets.create(admin, { name, format });
      const put = () => ask<Problem>(`PUT /v1/datasets/${name}/versions`, undefined, bytes);
      const alone = await put();
      const many = await Promise.all([put(), put()]);
      for (const { status, body } of [alone, ...many])
        expect({ format, what, status, code: body.code }).toEqual({
          format,
          what,
          status: expect.toSatisfy((value: number) => value === 413 || value === 422) as number,
          code: expect.stringMatching(/^data_(invalid|unsupported|too_large)$/) as string,
        });
      expect(await datasets.get(admin, name)).toMatchObject({ versions: 0, stored_bytes: 0 });
    }
    const good = new TextEncoder().encode("id,value\n1,0.5\n");
    expect(await datasets.putFile(admin, "whole", good)).toMatchObject({ version_number: 2 });
  });

  it("of pickle is stored as it came, and told of, and never loaded", async () => {
    const { admin } = running;
    await datasets.create(admin, { name: "pickled", format: "pickle" });
    const file = Buffer.from("\x80\x02cos\nsystem\nU\x04true\x85R.", "latin1");
    await ask("PUT /v1/datasets/pickled/versions", undefined, file);
    const { warnings, content_hash } = await datasets.getVersion(admin, "pickled", "head");
    expect(warnings.join("\n")).toMatch(/os.?system/);
    expect(content_hash).toBe(sha256(file));
    const { status, body } = await ask<Problem>("GET /v1/datasets/pickled/versions/head/rows");
    expect({ status, code: body.code }).toEqual({ status: 422, code: "data_unsupported" });
  });
});

describe("an upload whose platform is killed in the middle of it", () => {
  const MIB = 2 ** 20;
  const ROWS = 20 * 1_024;
  /** Bytes that look random and are the same each time. */
  const noise = createCipheriv("aes-128-ctr", Buffer.alloc(16, 7), Buffer.alloc(16)).update(
    Buffer.alloc(20 * MIB),
  );
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${ROWS}, 1024), }`;
  // Two packs, of which the second is missing after the first.
  const head = Buffer.from(`\x93NUMPY\x01\x00v\x00${header.padEnd(117)}\n`, "latin1");
  const file = new Uint8Array(Buffer.concat([head, noise]));

  let state = "";
  let held: Command | undefined;
  const secrets = makeSecrets();
  const script = fileURLToPath(new URL("support/platform-process.ts", import.meta.url));
  const start = async (): Promise<string> => {
    const task = JSON.stringify({ state, secrets });
    held = runCommand(process.execPath, [script, task], { cwd: ROOT, env: process.env });
    const output = await held.prints(/listens at \S+\n/);
    return /listens at (\S+)/.exec(output)?.[1] ?? "";
  };
  const kill = async (): Promise<void> => {
    held?.kill("SIGKILL");
    await held?.ended;
  };
  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), "linnet-datasets-"));
  });
  afterAll(async () => {
    await kill();
    await rm(state, { recursive: true, force: true });
  });

  /** A client that counts the packs that were answered for. */
  function counting(baseUrl: string, apiKey: string, each: (packs: number) => Promise<void>) {
    const seen = { packs: 0 };
    const counted: Fetch = async (url, init) => {
      const response = await fetch(url, init);
      if (!url.endsWith("/packs") || !response.ok) return response;
      seen.packs += 1;
      await each(seen.packs);
      return response;
    };
    return { seen, client: createClient({ baseUrl, apiKey, fetch: counted }) };
  }

  const pushed = (client: Linnet, options: datasets.DatasetUploadOptions) =>
    datasets.upload(client, "signals", file, { ...options, packsAtOnce: 1 });

  it("goes on with what is missing on the platform that was started again", async () => {
    const url = await start();
    const { key } = await platform.setUp(createClient({ baseUrl: url }), {
      token: secrets.SETUP_TOKEN,
    });
    const before = counting(url, key.key, async (packs) => {
      if (packs === 1) await kill();
    });
    await datasets.create(before.client, { name: "signals", format: "numpy" });
    let uploadId = "";
    const onUpload: datasets.DatasetUploadOptions["onUpload"] = ({ upload_id }) => {
      uploadId = upload_id;
    };
    const broken = pushed(before.client, { onUpload, retries: 0 });
    await expect(broken).rejects.toMatchObject({ code: "network" });
    expect(before.seen.packs).toBe(1);

    const after = counting(await start(), key.key, async () => undefined);
    const version = await pushed(after.client, { uploadId });
    expect(after.seen.packs).toBe(1);
    expect(version).toMatchObject({ version_number: 1, row_count: ROWS, created: true });
    expect(version.content_hash).toBe(sha256(file));

    const hash = createHash("sha256");
    await datasets.download(after.client, "signals", "head", (bytes) => void hash.update(bytes));
    expect(hash.digest("hex")).toBe(sha256(file));
    const { stored_bytes } = await datasets.get(after.client, "signals");
    expect(stored_bytes).toBe(file.length);
  }, 180_000);
});
