import { residualOf, type Estimate, type Estimates } from "../estimate.ts";
import type { Limits } from "../explain-request.ts";
import type { Stopped } from "../explanation.ts";

export type Watch = {
  /** Milliseconds that never go back. */
  clock: () => Promise<number>;
  /** Where it becomes true, the work ends with what there is. */
  signal?: { readonly aborted: boolean };
  /** Told of each estimate. */
  seen?: (estimate: Estimate) => void | Promise<void>;
};

/** The best estimate that the limits allow, and what ended it. */
export async function followEstimates(
  estimates: Estimates,
  limits: Limits,
  { clock, signal, seen }: Watch,
): Promise<{ estimate: Estimate; stopped: Stopped }> {
  const began = await clock();
  let best: Estimate | undefined;
  for await (const estimate of estimates) {
    best = estimate;
    await seen?.(estimate);
    const reached = isEnough(estimate, limits);
    if (reached !== null) return { estimate, stopped: reached };
    const isLate =
      limits.deadline_ms !== undefined && (await clock()) - began >= limits.deadline_ms;
    if (isLate || signal?.aborted === true) return { estimate, stopped: "deadline" };
  }
  if (best === undefined) throw new Error("an explainer ended without an estimate");
  return { estimate: best, stopped: "complete" };
}

/** What ends it, where the estimate is within every limit of its quality that there is. */
function isEnough(estimate: Estimate, { max_residual, max_half_width }: Limits): Stopped | null {
  if (max_residual === undefined && max_half_width === undefined) return null;
  const { prediction, base, half_widths } = estimate;
  if (max_residual !== undefined) {
    const allowed = max_residual * Math.abs(prediction - base);
    if (Math.abs(residualOf(estimate)) > allowed) return null;
  }
  if (max_half_width === undefined) return "max_residual";
  const isNarrow = half_widths?.every((width) => width <= max_half_width) ?? false;
  return isNarrow ? "max_half_width" : null;
}
