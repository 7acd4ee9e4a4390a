import type { Context } from "hono";
import * as z from "zod";
import type { DatasetVersionRecord, StoredFile } from "../../../contract/dataset-record.ts";
import type { DatasetRow } from "../../../database/datasets.ts";
import { type ExportFormat, EXTENSIONS } from "../../../domain/datasets/formats/format-names.ts";
import type { Format } from "../../../domain/datasets/table.ts";
import type { AppEnv } from "../http/app-env.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { askedBytes } from "../http/byte-range.ts";
import { granted, worked } from "./dataset-problem.ts";
import type { Held } from "./owned-dataset.ts";

export const OCTETS = {
  "application/octet-stream": { schema: z.string().meta({ format: "binary" }) },
};

type Stored = {
  row: Pick<DatasetRow, "name" | "format">;
  record: DatasetVersionRecord;
  file: StoredFile;
};

const attachment = ({ row, record }: Stored, format: Format): string =>
  `attachment; filename="${row.name}-${record.version_number}.${EXTENSIONS[format][0]}"`;

/** A file that somebody sent is never shown as a page of this platform. */
const KEPT_AS_FILE = {
  "content-type": "application/octet-stream",
  "x-content-type-options": "nosniff",
};

/** The file of a version, or the range of it that was asked for. */
export async function sendFile(c: Context<AppEnv>, stored: Stored) {
  const { record, file, row } = stored;
  const asked = askedBytes(c, { size: file.size_bytes, etag: `"${record.content_hash}"` });
  const body = await c.env.DATA.read(file, asked.from, asked.to);
  // With its length, which a stream from another Worker does not say.
  const sized = body.pipeThrough(new FixedLengthStream(asked.to - asked.from));
  return c.body(sized, asked.status, {
    ...KEPT_AS_FILE,
    "content-disposition": attachment(stored, row.format),
    ...asked.headers,
  });
}

/** The rows of a version as a file of another format. */
export async function sendExport(
  c: Context<AppEnv>,
  { open, ...stored }: Stored & Pick<Held, "open">,
  format: ExportFormat,
) {
  const { version_id } = stored.record;
  const { inspection } = granted(
    await callActor(open, (dataset) => dataset.inspected({ version_id })),
  );
  const body = worked(await c.env.DATA.exportAs({ ...stored.file, inspection }, format));
  return c.body(body, 200, {
    ...KEPT_AS_FILE,
    "content-disposition": attachment(stored, format),
  });
}
