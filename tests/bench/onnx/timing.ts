import type { Runtime } from "../../../domain/onnx/runtime.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";

/** A model and what it is fed. */
export type Timed = { model: Uint8Array; feeds: Record<string, Tensor> };

/**
 * Milliseconds a run of each model, as the median of rounds in turns: what slows the machine for a
 * while slows all of them.
 */
export async function timesOf<Name extends string>(
  runtime: Runtime,
  models: Record<Name, Timed>,
  { rounds, runs }: { rounds: number; runs: number },
): Promise<Record<Name, number>> {
  const names = Object.keys(models) as Name[];
  const opened = new Map(
    await Promise.all(
      names.map(async (name) => [name, await runtime.open(models[name].model)] as const),
    ),
  );
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1)
    for (const [name, session] of opened) {
      const began = performance.now();
      for (let run = 0; run < runs; run += 1) await session.run(models[name].feeds);
      // The first round is the warm-up.
      if (round > 0) times.get(name)?.push((performance.now() - began) / runs);
    }
  for (const session of opened.values()) await session.release();
  return Object.fromEntries(names.map((name) => [name, median(times.get(name) ?? [])])) as Record<
    Name,
    number
  >;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}
