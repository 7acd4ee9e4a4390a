import type { CallOptions, Linnet } from "./client.ts";
import { path } from "./path.ts";
import type {
  BeginUpload,
  CheckedEnds,
  DeclareChunks,
  DeclaredChunks,
  StoredPack,
  UploadView,
} from "./wire.ts";

const PACK_TIMEOUT_MS = 600_000;

/** Begins an upload in chunks; one that is not ended within a day is forgotten. */
export const beginUpload = (
  client: Linnet,
  dataset: string,
  json: BeginUpload,
  options?: CallOptions,
): Promise<UploadView> =>
  client.call(
    // Begun twice, the one that nobody goes on with is forgotten.
    { method: "POST", path: path`/v1/datasets/${dataset}/uploads`, json, repeatable: true },
    options,
  );

/** How far an upload is: the version that came of it, or the problem. */
export const getUpload = (
  client: Linnet,
  dataset: string,
  id: string,
  options?: CallOptions,
): Promise<UploadView> =>
  client.call(
    { method: "GET", path: path`/v1/datasets/${dataset}/uploads/${id}`, repeatable: true },
    options,
  );

/**
 * Has the file's first and last bytes checked, 2 MiB at most together: rejects with what the commit
 * would, where these show it already.
 */
export const checkEnds = (
  client: Linnet,
  dataset: string,
  id: string,
  ends: { head: Uint8Array<ArrayBuffer>; tail: Uint8Array<ArrayBuffer> },
  options?: CallOptions,
): Promise<CheckedEnds> =>
  client.call(
    {
      method: "POST",
      path: path`/v1/datasets/${dataset}/uploads/${id}/ends`,
      query: { head: ends.head.length },
      headers: { "content-type": "application/octet-stream" },
      body: () => ({ body: new Blob([ends.head, ends.tail]) }),
      repeatable: true,
    },
    options,
  );

/** Says which chunks the file has, in order; answers the positions among these of what is missing. */
export const declareChunks = (
  client: Linnet,
  dataset: string,
  id: string,
  json: DeclareChunks,
  options?: CallOptions,
): Promise<DeclaredChunks> =>
  client.call(
    {
      method: "POST",
      path: path`/v1/datasets/${dataset}/uploads/${id}/chunks`,
      json,
      repeatable: true,
    },
    options,
  );

/** Sends missing chunks in one frame of 16 MiB at most. */
export const putPack = (
  client: Linnet,
  dataset: string,
  id: string,
  pack: Uint8Array<ArrayBuffer>,
  options?: CallOptions,
): Promise<StoredPack> =>
  client.call(
    {
      method: "PUT",
      path: path`/v1/datasets/${dataset}/uploads/${id}/packs`,
      headers: { "content-type": "application/octet-stream" },
      body: () => ({ body: pack }),
      repeatable: true,
    },
    { ...options, timeoutMs: options?.timeoutMs ?? PACK_TIMEOUT_MS },
  );

/** Has the file read, once nothing of it is missing; it may still be `checking` when this answers. */
export const commitUpload = (
  client: Linnet,
  dataset: string,
  id: string,
  options?: CallOptions,
): Promise<UploadView> =>
  client.call(
    {
      method: "POST",
      path: path`/v1/datasets/${dataset}/uploads/${id}/commit`,
      repeatable: true,
    },
    options,
  );

/** Forgets an upload and what it has sent. */
export const cancelUpload = (
  client: Linnet,
  dataset: string,
  id: string,
  options?: CallOptions,
): Promise<void> =>
  client.call(
    {
      method: "DELETE",
      path: path`/v1/datasets/${dataset}/uploads/${id}`,
      repeatable: true,
      absentIsDone: true,
    },
    options,
  );
