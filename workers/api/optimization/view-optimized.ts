import type { Optimized } from "../../../contract/compute.ts";
import type { VersionView } from "../../../contract/model.ts";
import type { OptimizeResult } from "../../../contract/optimize.ts";

export const viewOptimized = (
  version: VersionView | null,
  { report, gate, notes, ...measured }: Optimized["result"],
): OptimizeResult => ({
  version,
  ...measured,
  report: { ...report },
  gate: { passed: gate.passed, reasons: [...gate.reasons] },
  notes: [...notes],
});
