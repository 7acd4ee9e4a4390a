import {
  type Call,
  type CallOptions,
  COMPUTE_TIMEOUT_MS,
  type Linnet,
  readJson,
} from "./client.ts";
import { eachItem, type PageQuery } from "./page.ts";
import { path } from "./path.ts";
import { type OnProgress, uploadBody, type UploadSource } from "./upload-body.ts";
import type {
  BenchmarkRequest,
  BenchmarkResult,
  InspectResult,
  OptimizeRequest,
  OptimizeResult,
  Page,
  VersionView,
} from "./wire.ts";

/** Bytes take their time; the platform bounds their number. */
const UPLOAD_TIMEOUT_MS = 600_000;

export type UploadOptions = CallOptions & {
  /** What is new in this version. */
  description?: string | undefined;
  onProgress?: OnProgress | undefined;
};

/** `created` is false when the same bytes were a version already, which is then this one. */
export type UploadedVersion = VersionView & { created: boolean };

/** Uploads an ONNX file as the next version of a model; it is opened before it is accepted. */
export async function upload(
  client: Linnet,
  model: string,
  source: UploadSource,
  { description, onProgress, ...options }: UploadOptions = {},
): Promise<UploadedVersion> {
  const body = await uploadBody(source, onProgress);
  const target = path`/v1/models/${model}/versions`;
  return client.read(
    { method: "PUT", path: target, query: { description }, ...body },
    { timeoutMs: UPLOAD_TIMEOUT_MS, ...options },
    async (response) => {
      const version = await readJson<VersionView>(response);
      onProgress?.(version.size_bytes, version.size_bytes);
      return { ...version, created: response.status === 201 };
    },
  );
}

/** A page of versions, newest first. */
export const list = (
  client: Linnet,
  model: string,
  query?: PageQuery,
  options?: CallOptions,
): Promise<Page<VersionView>> =>
  client.call(
    {
      method: "GET",
      path: path`/v1/models/${model}/versions`,
      query: { ...query },
      repeatable: true,
    },
    options,
  );

export const all = (
  client: Linnet,
  model: string,
  query?: PageQuery,
  options?: CallOptions,
): AsyncIterable<VersionView> =>
  eachItem((cursor) => list(client, model, { ...query, cursor }, options), query?.cursor);

export const get = (
  client: Linnet,
  model: string,
  version: number,
  options?: CallOptions,
): Promise<VersionView> =>
  client.call(
    { method: "GET", path: path`/v1/models/${model}/versions/${version}`, repeatable: true },
    options,
  );

/** The ONNX file as it comes; `etag` is its SHA-256 in quotes. The timeout ends with the headers. */
export const download = (
  client: Linnet,
  model: string,
  version: number,
  options?: CallOptions,
): Promise<Response> =>
  client.read(
    {
      method: "GET",
      path: path`/v1/models/${model}/versions/${version}/content`,
      headers: { accept: "application/octet-stream, application/problem+json" },
      repeatable: true,
    },
    options,
    (response) => response,
  );

/** Deletes a version and its bytes; refused while an alias or an experiment uses it. */
export const remove = (
  client: Linnet,
  model: string,
  version: number,
  options?: CallOptions,
): Promise<void> =>
  client.call(
    {
      method: "DELETE",
      path: path`/v1/models/${model}/versions/${version}`,
      repeatable: true,
      absentIsDone: true,
    },
    options,
  );

/** Work on the file of a version, which may take a while and may be asked for again. */
const compute = <T>(
  client: Linnet,
  [model, version, what]: [model: string, version: number, what: string],
  call: Pick<Call, "method" | "query" | "json">,
  options?: CallOptions,
  reader: (response: Response) => Promise<T> = readJson<T>,
): Promise<T> =>
  client.read(
    { ...call, path: path`/v1/models/${model}/versions/${version}/${what}`, repeatable: true },
    { timeoutMs: COMPUTE_TIMEOUT_MS, ...options },
    reader,
  );

/** What the ONNX file of a version is made of, and what is against the rules of ONNX. */
export const inspect = (
  client: Linnet,
  model: string,
  version: number,
  query: { batch?: number | undefined } = {},
  options?: CallOptions,
): Promise<InspectResult> =>
  compute(client, [model, version, "inspect"], { method: "GET", query }, options);

/** `created` is false for a dry run, and where a version has the same bytes, which is then this one. */
export type OptimizedVersion = OptimizeResult & { created: boolean };

/**
 * Makes a smaller or faster version of a version. A result that does not pass its gate is refused
 * (`release_gate_failed`, with the figures in `problem`). The same request gives the same version.
 */
export const optimize = (
  client: Linnet,
  model: string,
  version: number,
  json: OptimizeRequest,
  options?: CallOptions,
): Promise<OptimizedVersion> =>
  compute(
    client,
    [model, version, "optimize"],
    { method: "POST", json },
    options,
    async (response) => {
      const result = await readJson<OptimizeResult>(response);
      return { ...result, created: response.status === 201 };
    },
  );

/** How long a version takes to run, by batch size. */
export const benchmark = (
  client: Linnet,
  model: string,
  version: number,
  json: BenchmarkRequest = {},
  options?: CallOptions,
): Promise<BenchmarkResult> =>
  compute(client, [model, version, "benchmark"], { method: "POST", json }, options);
