import type { Context } from "hono";
import type * as z from "zod";
import type { CompareQuery } from "../../../contract/dataset-contents.ts";
import type { StoredFile } from "../../../contract/dataset-record.ts";
import { type ByteRange, changedRanges } from "../../../domain/datasets/chunks/changed-ranges.ts";
import { compareProfiles } from "../../../domain/datasets/compare/compare-profiles.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { granted, worked } from "./dataset-problem.ts";
import { readableDataset, selectorOf } from "./owned-dataset.ts";
import { viewVersion } from "./view-dataset.ts";

type Held = Awaited<ReturnType<typeof readableDataset>>;

/** What differs between two versions: bytes, columns, statistics and rows. */
export async function compareVersions(
  c: Context<AppEnv>,
  ref: string,
  { from, to, key, samples }: z.output<typeof CompareQuery>,
) {
  const held = await readableDataset(c, ref);
  const [a, b] = await Promise.all([side(held, from), side(held, to)]);
  const changed = await changedRanges(a.segments, b.segments, async ({ sha256 }) => {
    const found = [...a.segments, ...b.segments].find((segment) => segment.sha256 === sha256);
    return found?.recipe ?? [];
  });
  const options = {
    samples,
    ...(key !== undefined && { key: key.split(",").filter((column) => column !== "") }),
  };
  const rows = worked(await c.env.DATA.compare(compared(a), compared(b), changed, options));
  const changed_bytes = sizeOf(changed.map((range) => range.b));
  return {
    from: viewVersion(held.row, a.record),
    to: viewVersion(held.row, b.record),
    shared_bytes: b.file.size_bytes - changed_bytes,
    changed_bytes,
    columns: compareProfiles(a.inspection.columns, b.inspection.columns),
    ...rows,
  };
}

async function side({ open }: Held, version: string) {
  const selector = selectorOf(version);
  const { record, inspection } = granted(
    await callActor(open, (dataset) => dataset.inspected(selector)),
  );
  const { version_id } = record;
  const { segments } = granted(
    await callActor(open, (dataset) => dataset.segments({ version_id })),
  );
  const stored = granted(await callActor(open, (dataset) => dataset.stored({ version_id })));
  const file: StoredFile = stored.file;
  return { record, inspection, segments, file };
}

const compared = ({ file, inspection }: Awaited<ReturnType<typeof side>>) => ({
  ...file,
  inspection,
});

const sizeOf = (ranges: readonly ByteRange[]): number =>
  ranges.reduce((sum, { from, to }) => sum + to - from, 0);
