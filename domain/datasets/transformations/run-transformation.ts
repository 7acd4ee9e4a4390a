import { Gathered } from "./engine/batches.ts";
import type { Operation, Work } from "./operation.ts";

/**
 * Carries a fitted operation out. Rows are pushed in order, in batches of a good size; an output that
 * has no rows gets no batch. Whatever is left in the database is nobody's.
 */
export async function runTransformation(operation: Operation, work: Work): Promise<void> {
  const outputs = new Map<string | null, Gathered>();
  for (const { name } of operation.outputs ?? [])
    outputs.set(name, new Gathered((batch) => work.push(name, batch)));
  await operation.run({
    ...work,
    push: async (name, batch) => {
      const output = outputs.get(name);
      if (!output) throw new RangeError(`there is no output ${String(name)}`);
      await output.push(batch);
    },
  });
  for (const output of outputs.values()) await output.flush();
}
