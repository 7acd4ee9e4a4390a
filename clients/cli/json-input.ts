import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { UsageError } from "./exit-codes.ts";
import { readStdin } from "./prompt.ts";
import type { World } from "./world.ts";

/** A JSON object from a file; `-` is standard input. */
export async function readObject(world: World, file: string): Promise<Record<string, unknown>> {
  return objectOf(await readNamed(world, file), file);
}

/** A JSON object that is given in place, or as `@file`. */
export async function readJsonOption(
  world: World,
  option: string,
  text: string,
): Promise<Record<string, unknown>> {
  return text.startsWith("@")
    ? readObject(world, text.slice(1))
    : objectOf(text, `the value of ${option}`);
}

/** The text of a file; `-` is standard input. */
export async function readNamed(world: World, file: string): Promise<string> {
  try {
    return file === "-" ? await readStdin(world) : await readFile(resolve(world.cwd, file), "utf8");
  } catch (cause) {
    throw new UsageError(`cannot read ${file}`, { cause });
  }
}

function objectOf(text: string, source: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${source} is not JSON`, { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new UsageError(`${source} is not an object: {…}`);
}
