import type { Context } from "hono";
import type * as z from "zod";
import type { PutVersionQuery } from "../../../contract/dataset-upload.ts";
import { type CommittedVersion, packPrefix } from "../../../contract/dataset-record.ts";
import type { DatasetRow } from "../../../database/datasets.ts";
import { formatId } from "../../../domain/ids.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { hex } from "../keys/key-checksum.ts";
import { newId } from "../http/ids.ts";
import { ApiProblem } from "../http/problem.ts";
import { boundedFile } from "./bounded-file.ts";
import { datasetProblem, granted, worked } from "./dataset-problem.ts";
import { termsOf } from "./version-terms.ts";

type Held = { row: DatasetRow; open: () => ReturnType<Env["DATASET"]["getByName"]> };

/** Makes the body a version. With an idempotency key, what its first request made is the answer to all. */
export async function putFile(
  c: Context<AppEnv>,
  { row, open }: Held,
  { if_head, message, tag, delimiter, header }: z.output<typeof PutVersionQuery>,
): Promise<CommittedVersion> {
  const { body, size_bytes } = boundedFile(c, Number(c.env.MAX_DATASET_BYTES));
  const key = c.req.header("idempotency-key");
  const upload_id = key === undefined ? newId("upl") : await idOfKey(row.id, key);
  const terms = await termsOf(c, open, {
    size_bytes,
    if_head,
    message: message ?? "",
    tags: tag === undefined ? [] : [tag],
    read_options: {
      ...(delimiter !== undefined && { delimiter }),
      ...(header !== undefined && { header: header === "true" }),
    },
  });
  const begun = granted(await callActor(open, (dataset) => dataset.beginUpload(upload_id, terms)));
  if (begun.size_bytes !== size_bytes)
    throw new ApiProblem(
      "idempotency_key_reused",
      `it belongs to a file of ${begun.size_bytes} bytes`,
    );
  if (begun.result) return repeated(begun.result, body);
  if (begun.refusal) throw datasetProblem(begun.refusal);
  // Of each attempt its own: what another one leaves is swept while this one writes.
  const prefix = `${packPrefix(row.id, upload_id)}${crypto.randomUUID()}/`;
  try {
    const expected = granted(await callActor(open, (dataset) => dataset.expected(upload_id)));
    const file = worked(
      await c.env.DATA.ingest(body, { ...expected, prefix }, (sha256s) =>
        callActor(open, (dataset) => dataset.missing(upload_id, sha256s)),
      ),
    );
    return granted(await callActor(open, (dataset) => dataset.commitFile(upload_id, file)));
  } catch (error) {
    const known = await callActor(open, (dataset) => dataset.upload(upload_id));
    if (known.ok && known.value.result) return known.value.result;
    // With a key, the same request may already be coming in again: then the upload waits its day.
    if (key === undefined || error instanceof ApiProblem)
      await callActor(open, (dataset) => dataset.cancelUpload(upload_id));
    throw error;
  }
}

/** What the key's first request made, if this one carries the same file. */
async function repeated(
  made: CommittedVersion,
  body: ReadableStream<Uint8Array>,
): Promise<CommittedVersion> {
  const digest = new crypto.DigestStream("SHA-256");
  await body.pipeTo(digest);
  if (hex(await digest.digest) === made.version.content_hash) return made;
  throw new ApiProblem(
    "idempotency_key_reused",
    `it belongs to another file, which is ${made.version.version_id}`,
  );
}

async function idOfKey(dataset_id: string, key: string): Promise<`upl_${string}`> {
  const text = new TextEncoder().encode(`${dataset_id}/${key}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  return formatId("upl", digest.subarray(0, 16));
}
