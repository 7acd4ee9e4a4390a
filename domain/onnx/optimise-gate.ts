import type { SpeedComparison } from "./compare-speed.ts";
import type { Agreement, Evaluation } from "./scores.ts";
import type { Gate } from "./optimise-request.ts";

/** What was measured of a model and what became of it; null where it could not be. */
export type Measurements = {
  sizes: { before: number; after: number };
  evaluations: { before: Evaluation; after: Evaluation } | null;
  agreement: Agreement | null;
  speed: SpeedComparison | null;
  attributions: AttributionMeasure | null;
};

/** How far two models go by the same features: see domain/explain/summary/attribution-change.ts. */
export type AttributionMeasure = {
  rows: number;
  change: number;
  interval: [number, number] | null;
  same_top_feature: number;
};

export type GateResult = { passed: boolean; reasons: readonly string[] };

/** Holds measurements against the limits. What has a limit and was not measured does not pass. */
export function passGate(gate: Gate, measured: Measurements): GateResult {
  const reasons = [
    above("gate.max_size_ratio", gate.max_size_ratio, sizeRatio(measured)),
    above("gate.max_accuracy_loss", gate.max_accuracy_loss, accuracyLoss(measured)),
    above("gate.max_slowdown", gate.max_slowdown, measured.speed?.ratio ?? null),
    above(
      "gate.max_attribution_change",
      gate.max_attribution_change,
      measured.attributions?.change ?? null,
    ),
    below("gate.min_agreement", gate.min_agreement, measured.agreement?.same_class ?? null),
  ].filter((reason) => reason !== null);
  return { passed: reasons.length === 0, reasons };
}

const sizeRatio = ({ sizes }: Measurements): number => sizes.after / sizes.before;

function accuracyLoss({ evaluations }: Measurements): number | null {
  if (evaluations === null) return null;
  const before = scoreOf(evaluations.before);
  const after = scoreOf(evaluations.after);
  return before === null || after === null ? null : before - after;
}

const scoreOf = (evaluation: Evaluation): number | null =>
  evaluation.task === "classification" ? evaluation.accuracy : evaluation.r2;

function above(name: string, limit: number | undefined, value: number | null): string | null {
  if (limit === undefined) return null;
  if (value === null) return `'${name}' could not be checked: it was not measured`;
  return value <= limit ? null : `${shown(value)} is above '${name}', ${limit}`;
}

function below(name: string, limit: number | undefined, value: number | null): string | null {
  if (limit === undefined) return null;
  if (value === null) return `'${name}' could not be checked: the model names no classes`;
  return value >= limit ? null : `${shown(value)} is below '${name}', ${limit}`;
}

const shown = (value: number): string => String(Number(value.toPrecision(4)));
