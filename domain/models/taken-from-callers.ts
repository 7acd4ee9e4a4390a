import type { ElementType, Signature } from "../tensors/tensor.ts";
import type { ModelDetails, PipelineSummary } from "./details.ts";

/** Stand for raw values where the inputs of two models are compared. */
const RAW: Record<PipelineSummary["kind"], ElementType> = { text: "string", image: "uint8" };

/**
 * The model's inputs as callers see them: raw values for those with preprocessing, and none for
 * those that are made of others. Two models that take texts then take the same, however long the
 * rows that each makes of them.
 */
export function takenFromCallers(
  { inputs, outputs }: Signature,
  details: ModelDetails | null,
): Signature {
  const preprocessing = details?.preprocessing ?? [];
  const kinds = new Map(preprocessing.map(({ input, kind }) => [input, kind]));
  const made = new Set(
    preprocessing.flatMap(({ input, fills }) => fills.filter((name) => name !== input)),
  );
  const taken = inputs
    .filter(({ name }) => !made.has(name))
    .map((spec) => {
      const kind = kinds.get(spec.name);
      return kind === undefined ? spec : { name: spec.name, type: RAW[kind], shape: [] };
    });
  return { inputs: taken, outputs };
}
