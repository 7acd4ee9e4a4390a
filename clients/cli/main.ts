import { homedir } from "node:os";
import { CommanderError } from "commander";
import { EXIT, Interrupted } from "./exit-codes.ts";
import { explainFailure, renderFailure } from "./failure.ts";
import { createPaint } from "./paint.ts";
import { createProgram } from "./program.ts";
import type { World } from "./world.ts";

/** Runs one command line, without the name of the program, and answers with its exit code. */
export async function run(args: readonly string[], world: World): Promise<number> {
  let code: number = EXIT.ok;
  const program = createProgram(world, (given) => {
    code = given;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    // Commander has written what it has to say, which may be the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof Interrupted || world.signal.aborted) {
      // The terminal has echoed ^C.
      if (world.stderr.isTTY === true) world.stderr.write("\n");
      return EXIT.interrupted;
    }
    const { exit, ...failure } = explainFailure(error);
    const text = args.includes("--json")
      ? JSON.stringify({ error: failure })
      : renderFailure({ exit, ...failure }, createPaint(world.stderr, world.env));
    world.stderr.write(`${text}\n`);
    return exit;
  }
}

/** Runs the process's command line. */
export async function main(): Promise<void> {
  const controller = new AbortController();
  // Once: a second Ctrl-C ends the process at once.
  process.once("SIGINT", () => controller.abort());
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // The reader has gone, as `head` does when it has enough.
      if (error.code === "EPIPE") process.exit(EXIT.ok);
      throw error;
    });
  const code = await run(process.argv.slice(2), {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    signal: controller.signal,
  });
  // A connection that the other side is slow to close would keep the process for seconds.
  await Promise.all([process.stdout, process.stderr].map(written));
  process.exit(code);
}

/** Resolves when all that was written before is with the reader; a pipe may take its time. */
const written = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    stream.write("", () => resolve());
  });
