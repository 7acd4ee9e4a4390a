import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Options, Row } from "../experiments/row.ts";

type Measured = { name: string; forward_ms: number; step_ms: number };

/** The same networks in PyTorch, where the machine has it; a row that says so where it does not. */
export function torchStep({ quick }: Options): Row[] {
  const script = fileURLToPath(new URL("torch-step.py", import.meta.url));
  const ran = spawnSync("python3", [script, quick ? "3" : "100"], { encoding: "utf8" });
  if (ran.status !== 0)
    return [
      {
        measure: "a step of training, PyTorch",
        ours: "not measured",
        peers: [],
        how: "there is no PyTorch on this machine",
      },
    ];
  const { version, measured } = JSON.parse(ran.stdout) as { version: string; measured: Measured[] };
  return measured.map(({ name, forward_ms, step_ms }) => ({
    measure: `a step of training with Adam, ${name}, PyTorch ${version}`,
    ours: "see above",
    peers: [
      {
        name: "PyTorch",
        value: `${step_ms.toFixed(2)} ms, plain run ${forward_ms.toFixed(2)} ms`,
        ratio: (step_ms / forward_ms).toFixed(2),
      },
    ],
    how: "batch of 32, one thread, median",
  }));
}
