import { sha256 } from "@noble/hashes/sha2.js";
import type { CallOptions, Linnet } from "./client.ts";
import { hex } from "./hex.ts";
import { LinnetError } from "./linnet-error.ts";
import { path } from "./path.ts";
import { pause } from "./retry.ts";
import type { DatasetVersionDetails, DatasetVersionView } from "./wire.ts";

/** SHA-256 of bytes that come one after the other, such as Node's `createHash("sha256")`. */
export type Hash = { update(bytes: Uint8Array): unknown; digest(): Uint8Array };

export type DownloadOptions = CallOptions & {
  /** What is there of the file from an earlier attempt: the download goes on behind it. */
  held?: AsyncIterable<Uint8Array> | undefined;
  /** Bytes that are there, of all; the first call tells of what was held. */
  onProgress?: ((received: number, total: number) => void) | undefined;
  /** A faster one than JavaScript's. */
  hash?: Hash | undefined;
};

/** A download outlives a platform's restart: about half a minute. */
const RETRIES = 12;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/**
 * Writes the file of a version as it came, piece by piece, and answers the version once all of it
 * was written and its SHA-256 is right; otherwise it rejects with `unexpected_answer`. A stream
 * that breaks off is taken up where it ended, up to `retries` times without a byte in between.
 */
export async function download(
  client: Linnet,
  dataset: string,
  version: string | number,
  write: (bytes: Uint8Array) => void | Promise<void>,
  { held, onProgress, hash = sha256.create(), ...options }: DownloadOptions = {},
): Promise<DatasetVersionView> {
  const found = await client.call<DatasetVersionDetails>(
    { method: "GET", path: path`/v1/datasets/${dataset}/versions/${version}`, repeatable: true },
    options,
  );
  let received = 0;
  const take = (bytes: Uint8Array): void => {
    hash.update(bytes);
    received += bytes.length;
  };
  for await (const bytes of held ?? []) take(bytes);
  onProgress?.(received, found.size_bytes);
  for await (const bytes of contentFrom(client, found, received, options)) {
    take(bytes);
    await write(bytes);
    onProgress?.(received, found.size_bytes);
  }
  const digest = hex(hash.digest());
  if (digest === found.content_hash) return found;
  const detail = `the ${received} bytes are not those of the version: their SHA-256 is ${digest}, not ${found.content_hash}`;
  throw new LinnetError({ code: "unexpected_answer", detail, status: 200 });
}

/** The bytes of a version from `from` on. */
async function* contentFrom(
  client: Linnet,
  version: DatasetVersionView,
  from: number,
  options: CallOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { size_bytes } = version;
  const retries = options.retries ?? RETRIES;
  const signal = options.signal ?? new AbortController().signal;
  let at = from;
  for (let failures = 0; at < size_bytes; failures++) {
    if (failures > 0)
      await pause(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1)), signal);
    const response = await openAt(client, version, at, { ...options, retries });
    try {
      for await (const bytes of response.body ?? []) {
        yield bytes;
        at += bytes.length;
        failures = 0;
      }
    } catch (cause) {
      signal.throwIfAborted();
      if (failures >= retries) throw brokenOff(client, response, cause);
    }
    if (at < size_bytes && failures >= retries) throw brokenOff(client, response);
  }
}

async function openAt(
  client: Linnet,
  { dataset_id, version_number }: DatasetVersionView,
  at: number,
  options: CallOptions,
): Promise<Response> {
  const response = await client.read(
    {
      method: "GET",
      path: path`/v1/datasets/${dataset_id}/versions/${version_number}/content`,
      headers: {
        accept: "application/octet-stream, application/problem+json",
        ...(at > 0 && { range: `bytes=${at}-` }),
      },
      repeatable: true,
    },
    options,
    (answer) => answer,
  );
  const range = response.headers.get("content-range") ?? "bytes 0-";
  if (range.startsWith(`bytes ${at}-`)) return response;
  await response.body?.cancel();
  const detail = `bytes from ${at} on were asked for, and the answer is '${range}'`;
  throw new LinnetError({ code: "unexpected_answer", detail, status: response.status });
}

const brokenOff = ({ baseUrl }: Linnet, response: Response, cause?: unknown): LinnetError =>
  new LinnetError({
    code: "network",
    detail: `the download from ${baseUrl} broke off again and again`,
    requestId: response.headers.get("x-request-id"),
    cause,
  });
