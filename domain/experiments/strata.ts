import type { EpochWeights } from "./sample-ratio.ts";
import { noTotals, type CellsByEpoch, type Totals } from "./totals.ts";

/** Both arms in one epoch; `share` is the variant's part of the two arms' weights. */
export type Stratum = { variant: Totals; control: Totals; share: number };

/**
 * The epochs in which both arms had a share, with what was counted in them; arms are indices.
 * Epochs in which neither arm was heard of are left out.
 */
export function strataOf(
  cells: CellsByEpoch,
  epochs: readonly EpochWeights[],
  variant: number,
  control: number,
): Stratum[] {
  const strata: Stratum[] = [];
  for (const { epoch, status, weights } of epochs) {
    const [own, other] = [weights[variant] ?? 0, weights[control] ?? 0];
    const counted = cells.get(epoch);
    if (status !== "running" || own === 0 || other === 0 || !counted) continue;
    const [ofVariant, ofControl] = [counted[variant], counted[control]];
    if (!ofVariant && !ofControl) continue;
    strata.push({
      variant: ofVariant ?? noTotals,
      control: ofControl ?? noTotals,
      share: own / (own + other),
    });
  }
  return strata;
}
