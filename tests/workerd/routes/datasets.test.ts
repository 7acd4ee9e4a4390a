import { beforeAll, describe, expect, it } from "vitest";
import type { Page } from "../../../contract/common.ts";
import type {
  DatasetVersionDetails,
  DatasetVersionView,
  DatasetView,
} from "../../../contract/dataset.ts";
import type { UploadView } from "../../../contract/dataset-upload.ts";
import type { ProblemCode } from "../../../contract/problem.ts";
import { encodePack } from "../../../domain/datasets/chunks/pack-frame.ts";
import { chunksOf } from "../../../domain/datasets/chunks/fast-cdc.ts";
import { tableOf } from "../support/dataset-actor.ts";
import { call, inChunks, newKey, ORIGIN, refused, succeeds } from "../support/platform.ts";

const OCTETS = { "content-type": "application/octet-stream" };
const MIB = 2 ** 20;
const IRIS = "id,width,kind\n1,0.5,a\n2,0.75,b\n3,1.5,a\n";

let key = "";
let owner_id = "";
beforeAll(async () => {
  ({ key, owner_id } = await newKey());
});

let made = 0;
async function newDataset(change: object = {}, as = key): Promise<DatasetView> {
  made += 1;
  const json = { name: `data-${made}`, format: "csv", ...change };
  return succeeds<DatasetView>(201, "POST /v1/datasets", { key: as, json });
}
const put = (name: string, text: string | Uint8Array, query = "", headers = {}) =>
  succeeds<DatasetVersionView>(201, `PUT /v1/datasets/${name}/versions${query}`, {
    key,
    body: text,
    headers: { ...OCTETS, ...headers },
  });

describe("a dataset", () => {
  it("is made, read, changed, listed, archived, restored and deleted", async () => {
    const { name, dataset_id } = await newDataset({ description: "flowers of a garden" });
    expect(await succeeds(200, `GET /v1/datasets/${dataset_id}`, { key })).toMatchObject({ name });
    const renamed = `${name}-renamed`;
    const json = { name: renamed, description: "others", compatibility: "none" };
    await succeeds(200, `PATCH /v1/datasets/${name}`, { key, json });
    await refused("dataset_not_found", `GET /v1/datasets/${name}`, { key });
    const list = async (query: string) =>
      (await succeeds<Page<DatasetView>>(200, `GET /v1/datasets?${query}`, { key })).items.map(
        (each) => each.name,
      );
    expect(await list("search=OTHERS&format=csv")).toEqual([renamed]);
    expect(await list("search=others&format=parquet")).toEqual([]);
    await succeeds(200, `POST /v1/datasets/${renamed}/archive`, { key });
    expect(await list("search=others")).toEqual([]);
    expect(await list("search=others&archived=all")).toEqual([renamed]);
    await refused("dataset_archived", `PUT /v1/datasets/${renamed}/versions`, {
      key,
      body: IRIS,
      headers: OCTETS,
    });
    await succeeds(200, `POST /v1/datasets/${renamed}/restore`, { key });
    await succeeds(200, `DELETE /v1/datasets/${renamed}?dry_run=true`, { key });
    await succeeds(200, `DELETE /v1/datasets/${renamed}`, { key });
    await refused("dataset_not_found", `GET /v1/datasets/${renamed}`, { key });
  });

  it("has a name of its own and a schema that can be one", async () => {
    const { name, dataset_id } = await newDataset();
    await refused("dataset_name_taken", "POST /v1/datasets", {
      key,
      json: { name, format: "csv" },
    });
    for (const json of [
      { name: dataset_id, format: "csv" },
      { name: "dat_a", format: "csv" },
    ])
      await refused("invalid_request", "POST /v1/datasets", { key, json });
    const field = { name: "a", type: "int64" };
    await refused("schema_invalid", "POST /v1/datasets", {
      key,
      json: { name: "twice", format: "csv", schema: { fields: [field, field] } },
    });
    const schema = { columns: { id: "int", width: "float" }, primary_key: ["id"] };
    await newDataset({ schema });
    await refused("schema_invalid", "POST /v1/datasets", {
      key,
      json: { name: "unknown", format: "csv", schema: { columns: { id: "colour" } } },
    });
    await refused("group_not_found", "POST /v1/datasets", {
      key,
      json: {
        name: "of-nobody",
        format: "csv",
        access_groups: [{ group: "grp_00000000000000000000000000" }],
      },
    });
  });
});

describe("a version", () => {
  it("is added, read by number, id, tag and time, and downloaded whole or in part", async () => {
    const { name } = await newDataset();
    const first = await put(name, IRIS, "?tag=gold&message=three+flowers");
    expect(first).toMatchObject({ version_number: 1, row_count: 3, tags: ["gold"], is_head: true });
    const second = await put(name, `${IRIS}4,2.5,b\n`);
    expect(second.is_head).toBe(true);
    const at = (selector: string) =>
      succeeds<DatasetVersionDetails>(200, `GET /v1/datasets/${name}/versions/${selector}`, {
        key,
      });
    for (const fixed of ["1", first.version_id, "gold"])
      await refused(
        "invalid_request",
        `GET /v1/datasets/${name}/versions/${fixed}?as_of=${first.created_at}`,
        { key },
      );
    for (const selector of ["1", first.version_id, "gold", `head?as_of=${first.created_at}`])
      expect(await at(selector), selector).toMatchObject({ version_number: 1, is_head: false });
    expect((await at("head")).version_number).toBe(2);
    await refused("dataset_version_not_found", `GET /v1/datasets/${name}/versions/7`, { key });
    await refused("dataset_version_not_found", `GET /v1/datasets/${name}/versions/nope`, { key });
    await refused("invalid_request", `GET /v1/datasets/${name}/versions/-1`, { key });

    const content = `GET /v1/datasets/${name}/versions/1/content`;
    const whole = await call<Uint8Array>(content, { key });
    expect(new TextDecoder().decode(whole.body)).toBe(IRIS);
    expect(whole.headers.get("etag")).toBe(`"${first.content_hash}"`);
    const part = await call<Uint8Array>(content, { key, headers: { range: "bytes=3-7" } });
    expect(part.status).toBe(206);
    expect(new TextDecoder().decode(part.body)).toBe(IRIS.slice(3, 8));
    await refused("range_unsatisfiable", content, { key, headers: { range: "bytes=999-" } });
    const { items } = await succeeds<Page<DatasetVersionView>>(
      200,
      `GET /v1/datasets/${name}/versions?limit=1`,
      { key },
    );
    expect(items.map(({ version_number }) => version_number)).toEqual([2]);
  });

  it("with an idempotency key is made once, and the same content once without", async () => {
    const { name } = await newDataset();
    const headers = { "idempotency-key": "a-key" };
    const first = await put(name, IRIS, "", headers);
    await put(name, "id,width,kind\n9,9.5,z\n");
    expect((await put(name, IRIS, "", headers)).version_id).toBe(first.version_id);
    await refused("idempotency_key_reused", `PUT /v1/datasets/${name}/versions`, {
      key,
      body: `${IRIS}4,4,d\n`,
      headers: { ...OCTETS, ...headers },
    });
    await refused("idempotency_key_reused", `PUT /v1/datasets/${name}/versions`, {
      key,
      body: IRIS.replace("0.5", "0.6"),
      headers: { ...OCTETS, ...headers },
    });
    const again = await call<DatasetVersionView>(`PUT /v1/datasets/${name}/versions`, {
      key,
      body: IRIS,
      headers: OCTETS,
    });
    expect([again.status, again.body.version_number]).toEqual([200, 1]);
  });

  it("is refused where it is not what it should be, and leaves nothing", async () => {
    const { name } = await newDataset();
    const send = (code: Parameters<typeof refused>[0], sent: object) =>
      refused(code, `PUT /v1/datasets/${name}/versions`, { key, headers: OCTETS, ...sent });
    const ragged = await send("data_invalid", { body: "a,b\n1,2\n3\n" });
    expect(ragged.body).toMatchObject({ row: 1 });
    await send("schema_invalid", { body: "a,a\n1,2\n" });
    await send("data_invalid", { body: new Uint8Array([97, 10, 0xff, 10]) });
    const parquet = new TextEncoder().encode(`PAR1${"x".repeat(100)}`);
    expect((await send("data_invalid", { body: parquet })).body.detail).toContain("like Parquet");
    await send("content_type_unsupported", { body: "a\n1\n", headers: {} });
    await send("length_required", { body: inChunks(new Uint8Array(3)) });
    await send("invalid_request", {
      body: "a\n1\n",
      headers: { ...OCTETS, "idempotency-key": "" },
    });
    await refused(
      "head_moved",
      `PUT /v1/datasets/${name}/versions?if_head=dsv_00000000000000000000000000`,
      {
        key,
        body: IRIS,
        headers: OCTETS,
      },
    );
    expect(await succeeds(200, `GET /v1/datasets/${name}`, { key })).toMatchObject({
      versions: 0,
      stored_bytes: 0,
    });
  });

  it("whose columns break the rule is refused with the column, before its last byte", async () => {
    const { name } = await newDataset({
      schema: {
        fields: [
          { name: "id", type: "int64", nullable: false },
          { name: "width", type: "float64" },
          { name: "kind", type: "string" },
        ],
        primary_key: ["id"],
      },
    });
    await put(name, IRIS);
    const refusal = await refused("schema_mismatch", `PUT /v1/datasets/${name}/versions`, {
      key,
      body: `${IRIS}four,1.5,a\n${"5,1.5,a\n".repeat(100_000)}`,
      headers: OCTETS,
    });
    expect(refusal.body).toMatchObject({ field: "id", row: 3 });
  });

  it("follows numbers with a column that has none in its first rows", async () => {
    const { name } = await newDataset();
    await put(name, "id,width\n1,0.5\n");
    const rows = Array.from({ length: 1_500 }, (_, at) => `${at},${at < 1_200 ? "" : 0.25}`);
    expect(await put(name, `id,width\n${rows.join("\n")}\n`)).toMatchObject({ row_count: 1_500 });
    const texts = rows.map((row) => (row.endsWith(",") ? `${row}wide` : row));
    const refusal = await refused("schema_incompatible", `PUT /v1/datasets/${name}/versions`, {
      key,
      body: `id,width\n${texts.join("\n")}\n`,
      headers: OCTETS,
    });
    expect(refusal.body).toMatchObject({ field: "width" });
  });

  it("types that only later rows show are inferred of all of them", async () => {
    const { name } = await newDataset();
    const rows = Array.from({ length: 3_000 }, (_, at) => `${at},${at < 2_500 ? at : `x${at}`}`);
    await put(name, `id,code\n${rows.join("\n")}\n`);
    const { schema } = await succeeds<DatasetVersionDetails>(
      200,
      `GET /v1/datasets/${name}/versions/head`,
      { key },
    );
    expect(schema?.fields.map(({ type }) => type)).toEqual(["int64", "string"]);
    const { rows: found } = await succeeds<{ rows: unknown[] }>(
      200,
      `GET /v1/datasets/${name}/versions/head/rows?from=2999&limit=5`,
      { key },
    );
    expect(found).toEqual([{ id: 2_999, code: "x2999" }]);
  });

  it("is tagged, pinned, deleted and collected", async () => {
    const { name } = await newDataset({ retention: { keep_last: 1 } });
    const at = `/v1/datasets/${name}`;
    for (const rows of [1, 2, 3]) await put(name, `id\n${rows}\n`);
    await succeeds(200, `PUT ${at}/tags/gold`, { key, json: { version: "1" } });
    expect(await succeeds(200, `GET ${at}/tags`, { key })).toMatchObject({
      items: [{ tag: "gold", version_number: 1 }],
    });
    await refused("invalid_request", `PUT ${at}/tags/head`, { key, json: { version: "1" } });
    await refused("dataset_version_in_use", `DELETE ${at}/versions/1`, { key });
    await succeeds(204, `DELETE ${at}/tags/gold`, { key });
    await refused("dataset_tag_not_found", `DELETE ${at}/tags/gold`, { key });
    await succeeds(200, `PUT ${at}/versions/1/pin`, { key });
    await refused("dataset_version_in_use", `DELETE ${at}/versions/1`, { key });
    const planned = await succeeds(200, `POST ${at}/collect`, { key, json: {} });
    expect(planned).toMatchObject({ dry_run: true, versions: [{ version_number: 2 }] });
    await succeeds(200, `POST ${at}/collect`, { key, json: { dry_run: false } });
    await refused("dataset_version_not_found", `GET ${at}/versions/2`, { key });
    await succeeds(200, `DELETE ${at}/versions/1/pin`, { key });
    await succeeds(200, `DELETE ${at}/versions/1`, { key });
  });
});

describe("what is in a version", () => {
  it("rows, classes, statistics and their picture, and other formats", async () => {
    const { name } = await newDataset();
    await put(name, IRIS);
    const at = `GET /v1/datasets/${name}/versions/head`;
    expect(await succeeds(200, `${at}/rows?columns=kind,id&limit=2`, { key })).toMatchObject({
      rows: [
        { kind: "a", id: 1 },
        { kind: "b", id: 2 },
      ],
      next_from: 2,
    });
    await refused("column_unknown", `${at}/rows?columns=nope`, { key });
    expect(await succeeds(200, `${at}/preview?by=kind&per_class=1`, { key })).toMatchObject({
      classes: [
        { value: "a", count: 2, rows: [{ row: 0 }] },
        { value: "b", count: 1, rows: [{ row: 1 }] },
      ],
    });
    const statistics = await succeeds(200, `${at}/statistics`, { key });
    expect(statistics).toMatchObject({
      row_count: 3,
      columns: [{ name: "id", min: 1, max: 3 }, {}, {}],
    });
    const picture = await call<string>(`${at}/statistics`, {
      key,
      headers: { accept: "image/svg+xml" },
    });
    expect(picture.body).toContain("<svg");
    for (const format of ["csv", "parquet", "json", "numpy", "hdf5", "mat"]) {
      const file = await call<Uint8Array>(`${at}/export?format=${format}`, { key });
      expect([format, file.status]).toEqual([format, 200]);
      expect(file.body.length).toBeGreaterThan(20);
    }
  });

  it("an export is refused for its last row before its first byte, or widened by it", async () => {
    const { name } = await newDataset();
    const rows = Array.from({ length: 60_000 }, (_, row) => `${row},t${row}`);
    await put(name, `n,text\n${rows.join("\n")}\n,\n`);
    const at = `GET /v1/datasets/${name}/versions/head/export?format`;
    for (const format of ["numpy", "hdf5"])
      expect(await refused("dataset_option_invalid", `${at}=${format}`, { key })).toMatchObject({
        body: { field: "text" },
      });
    const { status, body } = await call<Uint8Array>(`${at}=mat`, { key });
    expect([status, body.length]).toEqual([200, expect.any(Number)]);
    await put(name, `n\n${rows.join("\n").replaceAll(/,t\d+/g, "")}\n\n`);
    const widened = await call<Uint8Array>(`${at}=numpy`, { key });
    expect(widened.body.length).toBe(128 + 8 * 60_001);
    expect(new TextDecoder().decode(widened.body.subarray(10, 30))).toContain("<f8");
  });

  it("compared with another says which rows differ, and reads what differs", async () => {
    const { name } = await newDataset();
    const text = tableOf("abcdefgh");
    await put(name, text);
    const lines = text.split("\n");
    lines[9_000] = `${lines[9_000]?.split(",")[0]},0.5,1`;
    lines.splice(4_000, 1);
    await put(name, lines.join("\n"));
    const found = await succeeds<{ bytes_compared: number; shared_bytes: number }>(
      200,
      `GET /v1/datasets/${name}/compare?from=1&to=2&key=name`,
      { key },
    );
    expect(found).toMatchObject({ added: 0, removed: 1, changed: 1, whole: false });
    expect(found.bytes_compared).toBeLessThan(text.length);
    await refused("dataset_version_not_found", `GET /v1/datasets/${name}/compare?from=9`, { key });
  });

  it("a signal is read in part, and drawn", async () => {
    const { name } = await newDataset({
      format: "json",
      schema: {
        fields: [
          { name: "label", type: "string" },
          { name: "signal", type: "float32", shape: [64], sampling_rate_hz: 100 },
        ],
      },
    });
    const signal = Array.from({ length: 64 }, (_, at) => at / 4);
    await put(name, `${JSON.stringify({ label: "a", signal })}\n`);
    const at = `GET /v1/datasets/${name}/versions/head/signal`;
    expect(await succeeds(200, `${at}?row=0&from=8&to=12`, { key })).toMatchObject({
      column: "signal",
      from: 8,
      to: 12,
      length: 64,
      sampling_rate_hz: 100,
      values: [2, 2.25, 2.5, 2.75],
    });
    const picture = await call<string>(`${at}?row=0`, {
      key,
      headers: { accept: "image/svg+xml" },
    });
    expect(picture.body).toContain("<svg");
    await refused("dataset_option_invalid", `${at}?row=5`, { key });
    await refused("column_unknown", `${at}?row=0&column=label`, { key });
  });
});

describe("an upload in chunks", () => {
  it("sends what is missing, and becomes a version", async () => {
    const { name } = await newDataset();
    const base = tableOf("abc");
    await put(name, base);
    const bytes = new TextEncoder().encode(tableOf("abcd"));
    const chunks: Uint8Array[] = [];
    for await (const chunk of chunksOf([bytes])) chunks.push(chunk.slice());
    const refs = await Promise.all(
      chunks.map(async (chunk) => {
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", chunk));
        const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
        return { sha256, length: chunk.length };
      }),
    );
    const uploads = `/v1/datasets/${name}/uploads`;
    const json = { size_bytes: bytes.length, message: "one block more" };
    const { upload_id } = await succeeds<UploadView>(201, `POST ${uploads}`, { key, json });
    const at = `${uploads}/${upload_id}`;
    const { missing } = await succeeds<{ missing: number[] }>(200, `POST ${at}/chunks`, {
      key,
      json: { at: 0, chunks: refs },
    });
    expect(missing.length).toBeLessThan(refs.length);
    await refused("upload_incomplete", `POST ${at}/commit`, { key });
    const frame = encodePack(missing.map((position) => chunks[position] ?? new Uint8Array()));
    const send = (code: number, body: BodyInit) =>
      succeeds(code, `PUT ${at}/packs`, { key, body, headers: OCTETS });
    await send(200, frame);
    await send(200, frame);
    await refused("data_invalid", `PUT ${at}/packs`, { key, body: "no pack", headers: OCTETS });
    expect(await succeeds(200, `GET ${at}`, { key })).toMatchObject({
      status: "open",
      declared_bytes: bytes.length,
      missing_chunks: 0,
    });
    const done = await succeeds<UploadView>(200, `POST ${at}/commit`, { key });
    expect(done).toMatchObject({
      status: "done",
      created: true,
      version: { version_number: 2, message: "one block more", row_count: 10_000 },
    });
    await refused("dataset_upload_not_found", `PUT ${at}/packs`, {
      key,
      body: frame,
      headers: OCTETS,
    });
    await succeeds(204, `DELETE ${at}`, { key });
    expect(await succeeds(200, `GET ${at}`, { key })).toMatchObject({ status: "done" });
  });

  it("whose file cannot be a version is refused by its ends, and sends nothing", async () => {
    const { name } = await newDataset();
    await put(name, IRIS);
    const at = `/v1/datasets/${name}/uploads`;
    const rows = (row: (at: number) => string) =>
      `id,width,kind\n${Array.from({ length: 90_000 }, (_, id) => row(id)).join("")}`;
    const file = rows(
      (id) => `${id},0.${id},${id % 2 ? "a" : "b"} long enough for two megabytes\n`,
    );
    const begin = async (size_bytes: number, more: object = {}) => {
      const json = { size_bytes, ...more };
      const { upload_id } = await succeeds<UploadView>(201, `POST ${at}`, { key, json });
      return `POST ${at}/${upload_id}/ends`;
    };
    const endsOf = (text: string) => ({
      key,
      body: text.slice(0, MIB) + text.slice(-1_000),
      headers: OCTETS,
    });
    const ends = await begin(file.length);
    expect(await succeeds(200, `${ends}?head=${MIB}`, endsOf(file))).toEqual({
      schema: {
        fields: [
          { name: "id", type: "int64", nullable: true },
          { name: "width", type: "float64", nullable: true },
          { name: "kind", type: "string", nullable: true },
        ],
      },
      warnings: [],
    });
    const tried = (code: ProblemCode, text: string) =>
      refused(code, `${ends}?head=${MIB}`, endsOf(text.slice(0, file.length)));
    const texts = rows(
      (id) => `${id},wide ${id},${id % 2 ? "a" : "b"} long enough for two megabytes\n`,
    );
    const unfit = await tried("schema_incompatible", texts);
    expect(unfit.body).toMatchObject({ field: "width" });
    const ragged = await tried("data_invalid", file.replace("\n70,", "\n70,,"));
    expect(ragged.body).toMatchObject({ row: 70 });
    await tried("schema_invalid", file.replace("width", "id"));
    await tried("data_invalid", `PAR1${file}`);
    expect(await succeeds(200, `GET /v1/datasets/${name}`, { key })).toMatchObject({
      versions: 1,
      stored_bytes: IRIS.length,
    });
  });

  it("takes the ends of its file only, while it is open", async () => {
    const { name } = await newDataset();
    const at = `/v1/datasets/${name}/uploads`;
    const json = { size_bytes: 3 * MIB };
    const { upload_id } = await succeeds<UploadView>(201, `POST ${at}`, { key, json });
    const ends = `POST ${at}/${upload_id}/ends`;
    const sent = { key, body: new Uint8Array(100), headers: OCTETS };
    await refused("dataset_option_invalid", `${ends}?head=101`, sent);
    await refused("invalid_request", `${ends}?head=0`, sent);
    await refused("invalid_request", ends, sent);
    await refused("content_type_unsupported", `${ends}?head=1`, { key, body: "a" });
    const long = { ...sent, body: new Uint8Array(2 * MIB + 1) };
    await refused("body_too_large", `${ends}?head=1`, long);
    await refused("length_required", `${ends}?head=1`, {
      ...sent,
      body: inChunks(new Uint8Array(3)),
    });
    const small = await succeeds<UploadView>(201, `POST ${at}`, { key, json: { size_bytes: 99 } });
    const beyond = await refused(
      "dataset_option_invalid",
      `POST ${at}/${small.upload_id}/ends?head=1`,
      sent,
    );
    expect(beyond.body).toMatchObject({ field: "size_bytes" });
    const other = { ...sent, key: (await newKey()).key };
    await refused("dataset_not_found", `${ends}?head=1`, other);
    const next = await succeeds<UploadView>(201, `POST ${at}`, {
      key,
      json: { ...json, if_head: "none" },
    });
    await put(name, IRIS);
    await refused("head_moved", `POST ${at}/${next.upload_id}/ends?head=1`, sent);
    await succeeds(200, `POST /v1/datasets/${name}/archive`, { key });
    await refused("dataset_archived", `${ends}?head=1`, sent);
    await succeeds(204, `DELETE ${at}/${upload_id}`, { key });
    await refused("dataset_upload_not_found", `${ends}?head=1`, sent);
  });

  it("that is refused when it is read says which row and column broke the rule", async () => {
    const { name } = await newDataset({ schema: { columns: { id: "int", width: "float" } } });
    const bytes = new TextEncoder().encode("id,width\n1,0.5\ntwo,0.75\n");
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const uploads = `/v1/datasets/${name}/uploads`;
    const json = { size_bytes: bytes.length };
    const { upload_id } = await succeeds<UploadView>(201, `POST ${uploads}`, { key, json });
    const at = `${uploads}/${upload_id}`;
    const chunks = [{ sha256, length: bytes.length }];
    await succeeds(200, `POST ${at}/chunks`, { key, json: { at: 0, chunks } });
    await succeeds(200, `PUT ${at}/packs`, { key, body: encodePack([bytes]), headers: OCTETS });
    const { status, problem } = await succeeds<UploadView>(200, `POST ${at}/commit`, { key });
    expect([status, problem]).toEqual([
      "failed",
      expect.objectContaining({ code: "schema_mismatch", status: 422, row: 1, field: "id" }),
    ]);
  });

  it("is refused at its beginning where its columns may not follow", async () => {
    const { name } = await newDataset();
    await put(name, IRIS);
    const schema = { fields: [{ name: "id", type: "string" }] };
    await refused("schema_incompatible", `POST /v1/datasets/${name}/uploads`, {
      key,
      json: { size_bytes: 10, schema },
    });
  });
});

describe("others", () => {
  it("see and change a dataset as far as their group may", async () => {
    const other = await newKey();
    const { id: group } = await succeeds<{ id: string }>(201, "POST /v1/groups", {
      key,
      json: { name: "readers-of-data" },
    });
    const { name, dataset_id } = await newDataset({ access_groups: [{ group, role: "read" }] });
    await put(name, IRIS);
    const asOther = { key: other.key };
    await refused("dataset_not_found", `GET /v1/datasets/${dataset_id}`, asOther);
    await succeeds(200, `PUT /v1/groups/${group}/members/${other.owner_id}`, { key });
    await succeeds(200, `GET /v1/datasets/${dataset_id}`, asOther);
    await refused("dataset_not_found", `GET /v1/datasets/${name}`, asOther);
    const shared = await succeeds<Page<DatasetView>>(200, "GET /v1/datasets?shared=true", asOther);
    expect(shared.items).toMatchObject([{ dataset_id, owner_id }]);
    const adding = { ...asOther, body: `${IRIS}4,1,c\n`, headers: OCTETS };
    await refused("dataset_not_owned", `PUT /v1/datasets/${dataset_id}/versions`, adding);
    const json = { access_groups: [{ group, role: "write" }] };
    await succeeds(200, `PATCH /v1/datasets/${name}`, { key, json });
    await succeeds(201, `PUT /v1/datasets/${dataset_id}/versions`, adding);
    await refused("dataset_not_owned", `DELETE /v1/datasets/${dataset_id}`, asOther);
    await refused("dataset_not_owned", `PATCH /v1/datasets/${dataset_id}`, { ...asOther, json });
  });

  it("download by a link until it expires, whatever they change of it", async () => {
    const { name } = await newDataset();
    await put(name, IRIS);
    const { url } = await succeeds<{ url: string }>(
      201,
      `POST /v1/datasets/${name}/versions/1/links`,
      { key, json: { expires_in_s: 60 } },
    );
    const path = url.slice(ORIGIN.length);
    const file = await call<Uint8Array>(`GET ${path}`, { headers: { range: "bytes=0-1" } });
    expect([file.status, new TextDecoder().decode(file.body)]).toEqual([206, "id"]);
    const forged = path.replace(/\.1\.file\./, ".2.file.");
    await refused("link_rejected", `GET ${forged}`);
    await refused("link_rejected", `GET ${path.slice(0, -1)}${path.endsWith("0") ? "1" : "0"}`);
    await refused("invalid_request", `POST /v1/datasets/${name}/versions/1/links`, {
      key,
      json: { expires_in_s: 0 },
    });
  });
});
