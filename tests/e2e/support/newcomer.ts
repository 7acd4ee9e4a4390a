import { type ChildProcess, spawn } from "node:child_process";
import { delimiter } from "node:path";

export type Command = {
  /** Resolves when what was printed so far matches; rejects when the command ends before. */
  prints: (pattern: RegExp) => Promise<string>;
  /** Exit code and everything printed. */
  ended: Promise<{ code: number | null; output: string }>;
  /** Sends a signal to the command and everything it started. */
  kill: (signal: NodeJS.Signals) => void;
};

/** The environment of somebody who has Node and npm and nothing of this project's. */
export function newcomerEnv(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const path = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((entry) => !entry.includes("node_modules"));
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|VITEST|NODE_|KEY_|SETUP_)/i.test(name),
  );
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter), ...extra };
}

export function runCommand(
  command: string,
  args: string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Command {
  const child: ChildProcess = spawn(command, args, {
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  const listeners = new Set<() => void>();
  const heard = (data: Buffer) => {
    output += data.toString();
    for (const listener of listeners) listener();
  };
  child.stdout?.on("data", heard);
  child.stderr?.on("data", heard);
  const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, output })),
  );
  return {
    ended,
    kill(signal) {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal);
    },
    prints: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(output)) return;
          listeners.delete(look);
          resolve(output);
        };
        listeners.add(look);
        void ended.then(({ code }) =>
          reject(new Error(`ended with ${code} before ${pattern}:\n${output}`)),
        );
        look();
      }),
  };
}
