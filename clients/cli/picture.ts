import { spawn } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { explanations, type Linnet } from "@linnet/sdk";
import type { Command } from "commander";
import type { Context } from "./command.ts";
import { UsageError } from "./exit-codes.ts";
import type { World } from "./world.ts";

/** An opener that is still running by then has begun, as a browser that it waits for has. */
const OPENED_MS = 2_000;
const OPENERS: Partial<Record<NodeJS.Platform, [command: string, ...args: string[]]>> = {
  darwin: ["open"],
  // `start` takes its first argument in quotes for a title.
  win32: ["cmd", "/c", "start", ""],
};

export type PictureOptions = { plot?: string; feature?: string; svg?: string; open?: boolean };

export const pictureOptions = (command: Command): Command =>
  command
    .option("--plot <plot>", "which picture; else one that suits the method")
    .option("--svg <file>", "write the picture")
    .option("--open", "show the picture in the browser");

/** Refused before any work is done. */
export function checkPicture({ plot, feature, svg, open }: PictureOptions): void {
  const isDrawn = svg !== undefined || open === true;
  for (const [flag, value] of Object.entries({ plot, feature }))
    if (value !== undefined && !isDrawn)
      throw new UsageError(`--${flag} is of a picture: add --open, or --svg <file>`);
}

/** Draws a kept explanation into a file, or before a person's eyes. */
export async function showPicture(
  context: Context,
  client: Linnet,
  id: string,
  { plot, feature, ...where }: PictureOptions,
): Promise<void> {
  const { signal } = context.world;
  await putPicture(context, where, id, () =>
    explanations.picture(client, id, { plot, feature }, { signal }),
  );
}

/** Writes a picture, as SVG text, into a file, or shows it, or neither. */
export async function putPicture(
  context: Context,
  { svg, open }: Pick<PictureOptions, "svg" | "open">,
  name: string,
  draw: () => Promise<string>,
): Promise<void> {
  if (svg === undefined && open !== true) return;
  const { world } = context;
  const text = await draw();
  const file =
    svg === undefined
      ? join(await mkdtemp(join(tmpdir(), "linnet-")), `${name}.svg`)
      : resolve(world.cwd, svg);
  await writeFile(file, text).catch((cause: unknown) => {
    throw new UsageError(`cannot write ${file}`, { cause });
  });
  if (open !== true) context.note(`wrote ${file}`);
  else if (await openFile(world, file)) context.note(`opened ${file}`);
  else context.note(`nothing here opens a picture: it is in ${file}`);
}

/** Whether the system has something that shows the file. */
const openFile = ({ env }: World, file: string): Promise<boolean> =>
  new Promise((done) => {
    const [command, ...args] = OPENERS[process.platform] ?? ["xdg-open"];
    const child = spawn(command, [...args, file], { env, stdio: "ignore", detached: true });
    const timer = setTimeout(() => done(true), OPENED_MS);
    const end = (isOpened: boolean) => {
      clearTimeout(timer);
      done(isOpened);
    };
    child.on("error", () => end(false));
    child.on("exit", (code) => end(code === 0));
    child.unref();
  });
