import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { onTestFinished } from "vitest";
import { run } from "../../../clients/cli/main.ts";
import type { World } from "../../../clients/cli/world.ts";

export const SECRET = "0123456789abcdefghjkmnpqrstvwxyz";
/** A key of the platform's form; `SECRET` must show nowhere. */
export const KEY = `sk_test_01m7xz44n3e349cyab4cnrhn0d${SECRET}0123456789abcdef`;

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "linnet-cli-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export type Terminal = PassThrough & { isTTY?: boolean; columns?: number };

/** A stream that keeps what is written to it. */
export function capture(terminal: { isTTY?: boolean; columns?: number } = {}) {
  const stream: Terminal = Object.assign(new PassThrough(), terminal);
  const chunks: string[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
  return { stream, text: () => chunks.join("") };
}

export async function worldIn(folder: string, changes: Partial<World> = {}): Promise<World> {
  return {
    stdin: Readable.from([]),
    stdout: capture().stream,
    stderr: capture().stream,
    env: {},
    cwd: folder,
    home: folder,
    signal: new AbortController().signal,
    ...changes,
  };
}

/** Runs a command line in this process, in an empty folder, logged in to `url` when it is given. */
export async function runCli(
  args: string[],
  {
    url,
    input,
    ...changes
  }: Partial<World> & { url?: string; input?: string; terminal?: boolean } = {},
) {
  const out = capture();
  const err = capture(changes.terminal === true ? { isTTY: true, columns: 80 } : {});
  const env = url === undefined ? {} : { LINNET_URL: url, LINNET_API_KEY: KEY };
  const world = await worldIn(changes.cwd ?? (await temporaryFolder()), {
    stdin: Readable.from(input === undefined ? [] : [Buffer.from(input)]),
    stdout: out.stream,
    stderr: err.stream,
    env,
    ...changes,
  });
  const code = await run(args, world);
  return { code, stdout: out.text(), stderr: err.text() };
}
