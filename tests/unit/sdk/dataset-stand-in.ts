import { createHash } from "node:crypto";
import { decodePack } from "../../../domain/datasets/chunks/pack-frame.ts";
import type { DatasetVersionDetails, UploadView } from "../../../clients/sdk/index.ts";
import { type Answer, problem, type Received, standIn } from "./stand-in.ts";

export const sha256 = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

type Open = { terms: { size_bytes: number }; chunks: { sha256: string; length: number }[] };

const DATASET = "dat_01jd0000000000000000000000";
const UPLOADS = /^\/v1\/datasets\/[^/]+\/uploads(?:\/([^/]+))?(?:\/(ends|chunks|packs|commit))?$/;

/**
 * The platform's side of uploads and downloads of one dataset, in memory. `meddle` may give another
 * answer in the place of its own, which then has not heard the request.
 */
export async function datasetStandIn(
  meddle: (request: Received, index: number) => Answer | undefined = () => undefined,
) {
  const store = new Map<string, Uint8Array>();
  const uploads = new Map<string, Open>();
  const outcomes = new Map<string, Partial<UploadView>>();
  const files: Uint8Array[] = [];
  const packs: Uint8Array[][] = [];

  const versionOf = (number: number): Partial<DatasetVersionDetails> => {
    const file = files[number - 1] ?? new Uint8Array();
    return {
      dataset: "bearings",
      dataset_id: DATASET,
      version_id: `dsv_${number}`,
      version_number: number,
      row_count: 10,
      new_bytes: file.length,
      size_bytes: file.length,
      content_hash: sha256(file),
    };
  };
  const addVersion = (file: Uint8Array) => {
    const known = files.findIndex((other) => sha256(other) === sha256(file));
    if (known < 0) files.push(file);
    return { version: versionOf(known < 0 ? files.length : known + 1), created: known < 0 };
  };
  const missingOf = ({ chunks }: Open) =>
    chunks.flatMap(({ sha256 }, at) => (store.has(sha256) ? [] : [at]));
  const viewOf = (id: string, open: Open) => ({
    upload_id: id,
    status: "open",
    size_bytes: open.terms.size_bytes,
    declared_bytes: open.chunks.reduce((sum, { length }) => sum + length, 0),
    missing_chunks: missingOf(open).length,
    version: null,
    created: null,
    problem: null,
    ...outcomes.get(id),
  });

  function commit(id: string, open: Open): Answer {
    const missing = missingOf(open).length;
    if (missing > 0) return problem(409, "upload_incomplete");
    const file = Buffer.concat(open.chunks.map(({ sha256 }) => store.get(sha256) ?? Buffer.of()));
    if (file.length !== open.terms.size_bytes) return problem(400, "dataset_option_invalid");
    outcomes.set(id, { ...addVersion(file), status: "done" } as Partial<UploadView>);
    return { status: 202, json: viewOf(id, open) };
  }

  function onUploads({ method, bytes, body }: Received, id = "", what = ""): Answer {
    const open = uploads.get(id);
    if (method === "POST" && id === "") {
      const made = `upl_${uploads.size + 1}`;
      const begun = { terms: JSON.parse(body), chunks: [] };
      uploads.set(made, begun);
      return { status: 201, json: viewOf(made, begun) };
    }
    if (!open) return problem(404, "dataset_upload_not_found");
    if (method === "DELETE") {
      uploads.delete(id);
      return { status: 204 };
    }
    if (what === "ends") return { json: { schema: null, warnings: [] } };
    if (what === "chunks") {
      const { at, chunks } = JSON.parse(body);
      if (at > open.chunks.length) return problem(400, "dataset_option_invalid");
      open.chunks.splice(at, chunks.length, ...chunks);
      const missing = missingOf({ ...open, chunks });
      return { json: { missing } };
    }
    if (what === "packs") {
      const chunks = decodePack(bytes);
      packs.push(chunks);
      for (const chunk of chunks) store.set(sha256(chunk), chunk);
      return { json: { chunks: chunks.length, size_bytes: bytes.length } };
    }
    return what === "commit" ? commit(id, open) : { json: viewOf(id, open) };
  }

  function onVersions({ method, path, bytes, headers }: Received): Answer {
    if (method === "PUT") {
      const { version, created } = addVersion(bytes);
      return { status: created ? 201 : 200, json: version };
    }
    const [, number = "", content] = /versions\/(\d+|head)(\/content)?$/.exec(path) ?? [];
    const version = number === "head" ? files.length : Number(number);
    const file = files[version - 1];
    if (!file) return problem(404, "dataset_version_not_found");
    if (content === undefined) return { json: versionOf(version) };
    const [, from] = /^bytes=(\d+)-$/.exec(headers.range ?? "") ?? [];
    if (from === undefined) return { bytes: file };
    const range = `bytes ${from}-${file.length - 1}/${file.length}`;
    return { status: 206, headers: { "content-range": range }, bytes: file.subarray(Number(from)) };
  }

  function answer(request: Received): Answer {
    const { path } = request;
    const [isUpload, id, what] = UPLOADS.exec(path) ?? [];
    if (isUpload !== undefined) return onUploads(request, id, what);
    if (path.includes("/versions")) return onVersions(request);
    const head = files.length === 0 ? null : versionOf(files.length);
    return { json: { name: "bearings", format: "parquet", head } };
  }

  const server = await standIn((request, index) => meddle(request, index) ?? answer(request));
  return { ...server, files, packs, uploads, outcomes, addVersion };
}
