import type { AttributionDrift } from "../summary/attribution-drift.ts";

export type PlottedDrift = AttributionDrift & { model: string; model_version: number };

export function plotDrift(drift: PlottedDrift): string {
  throw new Error(`to come: ${drift.model}`);
}
