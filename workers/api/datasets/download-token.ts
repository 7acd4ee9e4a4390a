import {
  EXPORT_FORMATS,
  type ExportFormat,
} from "../../../domain/datasets/formats/format-names.ts";
import { fail, ok, type Result } from "../../../domain/result.ts";
import { openToken, signToken } from "../keys/signed-token.ts";

export type Download = {
  dataset_id: string;
  version_number: number;
  /** Null: the file as it came. */
  format: ExportFormat | null;
  /** Who gave the link, which opens no more than this user may read when it is used. */
  granted_by: string;
  /** Milliseconds since 1970; the token keeps the whole second before. */
  expires_at: number;
};

const DOMAIN = "dataset-download/1:";
const AS_IT_CAME = "file";
const TEXT = /^(dat_[0-9a-z]{26})\.(\d{1,15})\.([a-z0-9]+)\.(usr_[0-9a-z]{26})\.(\d{1,12})$/;

/** What opens one file of a dataset until it expires, and nothing else, for those without a key. */
export function signDownload(download: Download, secret: string): Promise<string> {
  const { dataset_id, version_number, format, granted_by, expires_at } = download;
  const until = Math.floor(expires_at / 1_000);
  const parts = [dataset_id, version_number, format ?? AS_IT_CAME, granted_by, until];
  return signToken(DOMAIN, parts.join("."), secret);
}

/** What the token opens at `now`, in milliseconds since 1970. */
export async function readDownload(
  token: string,
  now: number,
  secret: string,
): Promise<Result<Download, "forged" | "expired">> {
  const text = await openToken(DOMAIN, token, secret);
  const parts = TEXT.exec(text ?? "");
  if (!parts) return fail("forged");
  const [, dataset_id = "", number, word, granted_by = "", until] = parts;
  const format = EXPORT_FORMATS.find((known) => known === word) ?? null;
  if (format === null && word !== AS_IT_CAME) return fail("forged");
  const expires_at = Number(until) * 1_000;
  if (now >= expires_at) return fail("expired");
  return ok({ dataset_id, version_number: Number(number), format, granted_by, expires_at });
}
