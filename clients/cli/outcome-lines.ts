import type { Outcome } from "@linnet/sdk";
import { UsageError } from "./exit-codes.ts";

/** An outcome with the place where it stands, for messages. */
export type OutcomeLine = { line: number; outcome: Outcome };

/**
 * Outcomes from lines of JSON, in batches. `variant` (a name or model@version) may stand for
 * `variant_id`; empty lines are passed over. What else is in an outcome the platform checks.
 */
export async function* readOutcomes(
  lines: AsyncIterable<string>,
  { size, resolve }: { size: number; resolve: (variant: string) => string },
): AsyncGenerator<OutcomeLine[], void, undefined> {
  let batch: OutcomeLine[] = [];
  let line = 0;
  for await (const text of lines) {
    line += 1;
    if (text.trim() === "") continue;
    batch.push({ line, outcome: parseLine(text, line, resolve) });
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function parseLine(text: string, line: number, resolve: (variant: string) => string): Outcome {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`line ${line} is not JSON`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new UsageError(`line ${line} is not an object`);
  const { variant, ...outcome }: Record<string, unknown> = { ...value };
  const named = outcome["variant_id"] ?? variant;
  if (typeof named === "string") outcome["variant_id"] = resolve(named);
  return outcome as Outcome;
}
