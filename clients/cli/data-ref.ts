import { datasets, type DatasetVersionDetails, type Linnet } from "@linnet/sdk";
import { UsageError } from "./exit-codes.ts";

/** A version of a dataset as people write it: a number, an id, a tag, or the head. */
export type DataRef = { dataset: string; version: string };

/** `bearings`, `bearings@3`, `bearings@training`, `dat_…@dsv_…`. */
export function parseDataRef(text: string): DataRef {
  const [dataset = "", version = "head", ...more] = text.split("@");
  if (dataset === "" || version === "" || more.length > 0)
    throw new UsageError(
      `expected <dataset>, <dataset>@<number>, <dataset>@<tag> or <dataset>@<version id>, found '${text}'`,
    );
  return { dataset, version };
}

/** A time in any form that says when, as the API takes it. */
export function parseTime(text: string): string {
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw new UsageError(`expected a time such as 2026-11-21 or 2026-11-21T09:30:00Z, not '${text}'`);
}

export const readVersion = (
  client: Linnet,
  { dataset, version }: DataRef,
  { asOf, signal }: { asOf?: string | undefined; signal: AbortSignal },
): Promise<DatasetVersionDetails> =>
  datasets.getVersion(
    client,
    dataset,
    version,
    asOf === undefined ? {} : { as_of: parseTime(asOf) },
    { signal },
  );

export const AS_OF = [
  "--as-of <time>",
  "with the head: what was the head then, such as 2026-11-21T09:30:00Z",
] as const;
