import { spawn } from "node:child_process";
import { ROOT } from "./build.ts";

export type Ran = { code: number; output: string };

/** Runs a tool of node_modules/.bin in the project's root and keeps what it prints. */
export function runTool(command: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr.on("data", (data: Buffer) => (output += data.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
