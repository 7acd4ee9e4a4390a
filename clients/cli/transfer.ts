import { openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";
import type { Context } from "./command.ts";
import { UsageError } from "./exit-codes.ts";
import { createPaint } from "./paint.ts";
import { createProgress, type Progress } from "./progress.ts";

/** A file to be sent, which is read only as it is sent, and when it was written to. */
export async function openFile(path: string): Promise<{ blob: Blob; modified: number }> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) throw new UsageError(`there is no file ${path}`);
  if (found.size === 0) throw new UsageError(`${path} is empty`);
  return { blob: await openAsBlob(path), modified: found.mtimeMs };
}

/** A bar of bytes; nothing with `--json`. */
export const progressOf = ({ world, json }: Context, label: string, total: number): Progress =>
  json
    ? { update: () => undefined, end: () => undefined }
    : createProgress(world.stderr, { label, total, paint: createPaint(world.stderr, world.env) });
