import { createClient, type Linnet } from "@linnet/sdk";
import { type Command, InvalidArgumentError } from "commander";
import { LoginNeeded, UsageError } from "./exit-codes.ts";
import { createPaint, type Paint } from "./paint.ts";
import { findProfile } from "./profile.ts";
import type { World } from "./world.ts";

/** What a command has to work with. */
export type Context = {
  world: World;
  json: boolean;
  paint: Paint;
  /** The terminal's width for a table. */
  width: number | undefined;
  /** The answer on standard output: `data` as JSON with `--json`, else what `text` makes of it. */
  show(data: unknown, text: () => string): void;
  /** A word to a person, on standard error; nothing with `--json`. */
  note(text: string): void;
  /** The platform of the profile in force, with its key. */
  client(): Promise<Linnet>;
};

/** A command's own exit code; none is 0. */
type Finish = number | void;

export function createContext(world: World, json: boolean): Context {
  const paint = createPaint(world.stdout, world.env);
  return {
    world,
    json,
    paint,
    width: world.stdout.isTTY === true ? world.stdout.columns : undefined,
    show(data, text) {
      const shown = json ? JSON.stringify(data, null, 2) : text();
      if (shown !== "") world.stdout.write(`${shown}\n`);
    },
    note(text) {
      if (!json) world.stderr.write(`${text}\n`);
    },
    async client() {
      const profile = await findProfile(world);
      if (!profile) throw new LoginNeeded("not logged in to any platform");
      if (profile.apiKey === null) throw new LoginNeeded(`not logged in to ${profile.url}`);
      return openClient(profile.url, profile.apiKey);
    },
  };
}

export function openClient(baseUrl: string, apiKey?: string): Linnet {
  try {
    return createClient({ baseUrl, apiKey });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Adds subcommands to `command`; the wiring that every one of them shares is here. */
export type Register = (parent: Command, wire: Wire) => void;
export type Wire = (
  command: Command,
  run: (context: Context, command: Command) => Promise<Finish>,
) => Command;

export const wireTo =
  (world: World, finish: (code: number) => void): Wire =>
  (command, run) =>
    command.option("--json", "print JSON on standard output").action(async () => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>();
      const code = await run(createContext(world, json === true), command);
      if (typeof code === "number") finish(code);
    });

/** The argument at `index`, which commander has checked to be there if it is required. */
export const argument = (command: Command, index: number): string => String(command.args[index]);

export const integer =
  (lowest: number, highest = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < lowest || value > highest) {
      const bounds = highest === Number.MAX_SAFE_INTEGER ? "" : ` to ${highest}`;
      throw new InvalidArgumentError(`Expected a whole number from ${lowest}${bounds}.`);
    }
    return value;
  };

export const decimal = (text: string): number => {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new InvalidArgumentError("Expected a number.");
  return value;
};

/** For an option that may be given several times. */
export const collect = (text: string, before: string[] = []): string[] => [...before, text];
