import { END_BYTES } from "../../contract/dataset-file.ts";
import { type ByteFile, byteFile, type FileSource } from "./byte-file.ts";
import { type CallOptions, type Linnet, readJson } from "./client.ts";
import {
  beginUpload,
  cancelUpload,
  checkEnds,
  commitUpload,
  declareChunks,
  getUpload,
  putPack,
} from "./dataset-uploads.ts";
import { LinnetError, refusalOf } from "./linnet-error.ts";
import { path } from "./path.ts";
import { randomId } from "./random-id.ts";
import { pause } from "./retry.ts";
import {
  type ChunkReceiver,
  sendChunks,
  type SendOptions,
  type SendProgress,
} from "./send-chunks.ts";
import { uploadBody } from "./upload-body.ts";
import type {
  BeginUpload,
  DatasetVersionView,
  DatasetView,
  PutVersionQuery,
  UploadView,
} from "./wire.ts";

export type DatasetUploadProgress = SendProgress & {
  /** `checking`: the platform reads the file, which counts no bytes. */
  phase: "sending" | "checking";
};

/** `created` is false where this content was a version already, which is then the head again. */
export type PushedVersion = DatasetVersionView & { created: boolean };

type OnProgress = { onProgress?: ((progress: DatasetUploadProgress) => void) | undefined };
export type PutOptions = CallOptions & PutVersionQuery & OnProgress;
export type DatasetUploadOptions = CallOptions &
  Omit<BeginUpload, "size_bytes"> &
  OnProgress &
  Pick<SendOptions, "packsAtOnce"> & {
    /** Goes on with an upload of the same file that was begun before. */
    uploadId?: string | undefined;
    /** Hears of the upload before anything is sent: with its id it can be gone on with for a day. */
    onUpload?: ((upload: UploadView) => void | Promise<void>) | undefined;
  };

/** What one request may carry. */
export const LARGEST_PUT_BYTES = 90_000_000;
/** Below this, what chunks save is less than what their requests cost. */
const SMALL_BYTES = 4 * 2 ** 20;
const PUT_TIMEOUT_MS = 600_000;
/** An upload outlives a platform's restart: about half a minute. */
const RETRIES = 12;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
/** Of what helps, and is not needed. */
const CHECK_RETRIES = 2;
const NOTHING = Promise.resolve();

/**
 * Adds a file as the next version: in one request if it is small, or no version is there yet that
 * it could share bytes with; else in chunks, of which only those are sent that the dataset lacks.
 */
export async function push(
  client: Linnet,
  dataset: string,
  source: FileSource,
  options: DatasetUploadOptions = {},
): Promise<PushedVersion> {
  const { size } = byteFile(source);
  const put = asPut(options);
  if (!put || size > LARGEST_PUT_BYTES) return upload(client, dataset, source, options);
  if (size <= SMALL_BYTES) return putFile(client, dataset, source, put);
  const { signal, timeoutMs, retries } = options;
  const { head } = await client.call<DatasetView>(
    { method: "GET", path: path`/v1/datasets/${dataset}`, repeatable: true },
    { signal, timeoutMs, retries },
  );
  return head === null
    ? putFile(client, dataset, source, put)
    : upload(client, dataset, source, options);
}

/** The same terms for one request; null for an upload that was begun, and what only one can carry. */
function asPut(options: DatasetUploadOptions): PutOptions | null {
  const { read_options, tags = [], uploadId, schema, transformation } = options;
  const { delimiter, header, ...reading } = read_options ?? {};
  const [tag, ...others] = tags;
  const parents = options.parent_version_ids ?? [];
  const more = [...Object.keys(reading), ...others, ...parents];
  if (uploadId !== undefined || schema || transformation || more.length > 0) return null;
  const { onProgress, if_head, message } = options;
  const { signal, timeoutMs, retries, requestId, traceparent } = options;
  const call = { signal, timeoutMs, retries, requestId, traceparent };
  return {
    ...call,
    onProgress,
    if_head,
    message,
    tag,
    delimiter,
    ...(header !== undefined && { header: header ? "true" : "false" }),
  };
}

/** Adds a file of up to 90 MB as the next version, in one request. */
export async function putFile(
  client: Linnet,
  dataset: string,
  source: FileSource,
  { onProgress, signal, timeoutMs, retries, requestId, traceparent, ...query }: PutOptions = {},
): Promise<PushedVersion> {
  const file = byteFile(source);
  const { size } = file;
  const tell = (sent: number): void =>
    onProgress?.({
      phase: sent < size ? "sending" : "checking",
      bytes_hashed: size,
      bytes_total: size,
      bytes_sent: sent,
      bytes_to_send: size,
    });
  const bytes = source instanceof Blob ? source : await file.slice(0, size);
  const body = await uploadBody(bytes, onProgress && tell);
  return client.read(
    {
      ...body,
      method: "PUT",
      path: path`/v1/datasets/${dataset}/versions`,
      headers: { ...body.headers, "idempotency-key": randomId("push") },
      query: { ...query },
    },
    { timeoutMs: timeoutMs ?? PUT_TIMEOUT_MS, retries, signal, requestId, traceparent },
    async (response) => {
      const version = await readJson<DatasetVersionView>(response);
      return { ...version, created: response.status === 201 };
    },
  );
}

/**
 * Adds a file as the next version, in chunks. After a failure the same call with `uploadId` goes
 * on: what has arrived is not sent again. `timeoutMs` bounds each request, and not the whole.
 */
export async function upload(
  client: Linnet,
  dataset: string,
  source: FileSource,
  { uploadId, onUpload, onProgress, packsAtOnce, ...given }: DatasetUploadOptions = {},
): Promise<PushedVersion> {
  const { signal, timeoutMs, retries = RETRIES, requestId, traceparent, ...terms } = given;
  // A platform that starts again in the middle of it takes its time.
  const patient = timeoutMs ?? PUT_TIMEOUT_MS;
  const options = { signal, timeoutMs: patient, retries, requestId, traceparent };
  const file = byteFile(source);
  const begun =
    uploadId === undefined
      ? await beginUpload(client, dataset, { ...terms, size_bytes: file.size }, options)
      : await getUpload(client, dataset, uploadId, options);
  if (begun.size_bytes !== file.size) throw notTheFile(begun, file.size);
  await onUpload?.(begun);
  const { upload_id: id, status } = begun;
  if (status !== "open") return whenChecked(client, dataset, begun, options);

  let sent = { bytes_hashed: 0, bytes_total: file.size, bytes_sent: 0, bytes_to_send: 0 };
  const tell = (progress: SendProgress): void => {
    sent = progress;
    onProgress?.({ ...progress, phase: "sending" });
  };
  /** No pack is sent before its ends were checked; of a little, sending it tells as fast. */
  let ends: Promise<void> | undefined;
  const receiver: ChunkReceiver = {
    declare: async (at, chunks) =>
      (await declareChunks(client, dataset, id, { at, chunks }, options)).missing,
    send: async (pack, ended) => {
      const call = { ...options, signal: ended };
      ends ??= pack.length > SMALL_BYTES ? refuseByEnds(client, dataset, id, file, call) : NOTHING;
      await ends;
      await putPack(client, dataset, id, pack, call);
    },
  };
  await sendChunks(file, receiver, { packsAtOnce, signal, onProgress: tell });
  onProgress?.({ ...sent, phase: "checking" });
  const committed = await commitUpload(client, dataset, id, options).catch(explainIncomplete);
  return whenChecked(client, dataset, committed, options);
}

/**
 * Gives the upload up where the ends of the file show that it would be refused. Where nobody could
 * look at them it goes on: the commit looks at the whole.
 */
async function refuseByEnds(
  client: Linnet,
  dataset: string,
  id: string,
  file: ByteFile,
  options: CallOptions,
): Promise<void> {
  const { size } = file;
  const head = await file.slice(0, END_BYTES);
  const tail = await file.slice(size - END_BYTES, size);
  try {
    await checkEnds(client, dataset, id, { head, tail }, { ...options, retries: CHECK_RETRIES });
  } catch (error) {
    if (!(error instanceof LinnetError)) throw error;
    if (!isRefusal(error)) return;
    await cancelUpload(client, dataset, id, options).catch(() => undefined);
    throw error;
  }
}

/** What the platform has decided, and no proxy before it. */
const isRefusal = ({ status, problem }: LinnetError): boolean =>
  problem !== null && status >= 400 && status < 500 && status !== 429;

/** The version that came of it, once the platform has read the file. */
async function whenChecked(
  client: Linnet,
  dataset: string,
  state: UploadView,
  options: CallOptions,
): Promise<PushedVersion> {
  const signal = options.signal ?? new AbortController().signal;
  for (let delay = FIRST_WAIT_MS; ; delay = Math.min(LONGEST_WAIT_MS, delay * 1.5)) {
    const { version, created, problem } = state;
    if (version) return { ...version, created: created ?? true };
    if (problem) throw refusalOf(problem);
    await pause(delay, signal);
    state = await getUpload(client, dataset, state.upload_id, options);
  }
}

const notTheFile = ({ upload_id, size_bytes }: UploadView, size: number): RangeError =>
  new RangeError(
    `the upload ${upload_id} is of a file of ${size_bytes} bytes, and this one has ${size}`,
  );

/** All that was missing has been sent, and is no longer what it was when its names were made. */
function explainIncomplete(cause: unknown): never {
  if (!(cause instanceof LinnetError) || cause.code !== "upload_incomplete") throw cause;
  const { code, status, problem, requestId } = cause;
  const detail = "the file changed while it was sent: send it again";
  throw new LinnetError({ code, detail, status, problem, requestId, cause });
}
