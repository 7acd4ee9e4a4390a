import { Interrupted, UsageError } from "./exit-codes.ts";
import type { World } from "./world.ts";

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const ERASE = new Set(["\u0008", "\u007f"]);

/** All of standard input, as text. */
export async function readStdin({ stdin }: World): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

/** Asks for text that does not show while it is typed; without a terminal it reads the input. */
export async function askSecret(world: World, question: string): Promise<string> {
  const { stdin, stderr } = world;
  if (stdin.isTTY !== true || !stdin.setRawMode) return (await readStdin(world)).trim();
  stderr.write(question);
  stdin.setRawMode(true);
  try {
    return (await readKeys(world)).trim();
  } finally {
    stdin.setRawMode(false);
    stderr.write("\n");
  }
}

const readKeys = ({ stdin }: World): Promise<string> =>
  new Promise((resolve, reject) => {
    let typed = "";
    const finish = (settle: () => void) => {
      stdin.off("data", onData);
      stdin.pause();
      settle();
    };
    const onData = (chunk: Buffer | string) => {
      for (const key of chunk.toString()) {
        if (key === "\r" || key === "\n" || key === CTRL_D) return finish(() => resolve(typed));
        if (key === CTRL_C) return finish(() => reject(new Interrupted()));
        typed = ERASE.has(key) ? typed.slice(0, -1) : typed + key;
      }
    };
    stdin.on("data", onData);
    stdin.resume();
  });

/** Asks before something that cannot be taken back; without a terminal it needs `--yes`. */
export async function confirm(world: World, question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (world.stdin.isTTY !== true)
    throw new UsageError("this cannot be taken back; add --yes to do it without being asked");
  world.stderr.write(`${question} [y/N] `);
  if (/^y(es)?$/i.test((await readLine(world)).trim())) return true;
  world.stderr.write("Nothing was changed.\n");
  return false;
}

const readLine = ({ stdin, signal }: World): Promise<string> =>
  new Promise((resolve, reject) => {
    let line = "";
    const finish = (settle: () => void) => {
      stdin.off("data", onData);
      stdin.off("end", onEnd);
      signal.removeEventListener("abort", onAbort);
      stdin.pause();
      settle();
    };
    const onEnd = () => finish(() => resolve(line));
    const onAbort = () => finish(() => reject(new Interrupted()));
    const onData = (chunk: Buffer | string) => {
      line += chunk.toString();
      if (line.includes("\n")) onEnd();
    };
    stdin.on("data", onData);
    stdin.on("end", onEnd);
    signal.addEventListener("abort", onAbort, { once: true });
    stdin.resume();
  });
