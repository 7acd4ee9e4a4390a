import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { configPath } from "./profile.ts";
import type { World } from "./world.ts";

/** What is sent where; a file that was written to since is another one. */
export type UploadKey = {
  platform: string;
  dataset: string;
  path: string;
  size: number;
  modified: number;
};

/** Remembers an upload that was begun, so that the same command goes on with it after a kill. */
export type UploadState = {
  read(): Promise<string | undefined>;
  write(uploadId: string): Promise<void>;
  remove(): Promise<void>;
};

export function uploadState(world: World, key: UploadKey): UploadState {
  const folder = join(dirname(configPath(world)), "uploads");
  const parts = [key.platform, key.dataset, key.path, key.size, key.modified];
  const name = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  const path = join(folder, `${name}.json`);
  return {
    async read() {
      try {
        const { upload_id } = JSON.parse(await readFile(path, "utf8")) as { upload_id?: unknown };
        return typeof upload_id === "string" ? upload_id : undefined;
      } catch {
        // One that is missing and one that cannot be read are alike: the upload begins anew.
        return undefined;
      }
    },
    async write(upload_id) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const draft = `${path}.${process.pid}`;
      await writeFile(draft, `${JSON.stringify({ upload_id, ...key })}\n`, { mode: 0o600 });
      await rename(draft, path);
    },
    remove: () => rm(path, { force: true }),
  };
}
