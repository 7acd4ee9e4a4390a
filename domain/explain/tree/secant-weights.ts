import { gaussLegendreRule } from "../../statistics/gauss-legendre.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { TreeLink } from "./tree-model.ts";

/** The score that the link makes of margins; of the one at `target`. */
export function linked(link: TreeLink, margins: Float64Array, target: number): number {
  const own = margins[target] ?? 0;
  if (link === "identity") return own;
  if (link === "logistic") return logistic(own);
  return 1 / margins.reduce((sum, margin) => sum + Math.exp(margin - own), 0);
}

const logistic = (margin: number): number => 1 / (1 + Math.exp(-margin));

/** Differences of margins that change by no more are integrated in one piece of 8 nodes, to about 1e-10. */
const PIECE = 2;
const MOST_PIECES = 512;
const { nodes, weights } = gaussLegendreRule(8);

/**
 * How much a probability changes for each unit that a margin changes, on the straight way from the
 * margins of a row to those of the instance: the integral of the gradient of the link along it
 * (Aumann & Shapley 1974). So the weights times the changes of the margins add up to the change of
 * the probability. For one margin that is the slope of the secant. Writes them to `found`.
 */
export function secantWeights(
  { link, target }: { link: TreeLink; target: number },
  to: Float64Array,
  from: Float64Array,
  found: Float64Array,
): void {
  const [one = 0, two = 0] = [from[0], to[0]];
  if (link === "identity") found.fill(1);
  else if (link === "softmax") softmaxWeights(target, to, from, found);
  // Where the two are close, the difference would lose its digits.
  else if (Math.abs(two - one) < 1e-3) found[0] = slopeOf((one + two) / 2, (two - one) / 2);
  else found[0] = (logistic(two) - logistic(one)) / (two - one);
}

/** The mean slope of the sigmoid within `half` of a margin: its first two terms. */
function slopeOf(middle: number, half: number): number {
  const p = logistic(middle);
  const slope = p * (1 - p);
  return slope + (slope * (1 - 6 * slope) * half ** 2) / 6;
}

function softmaxWeights(
  target: number,
  to: Float64Array,
  from: Float64Array,
  found: Float64Array,
): void {
  // A softmax depends on differences of margins, which change by up to this much.
  const changes = to.map((end, at) => end - (from[at] ?? 0));
  const widest = Math.max(...changes) - Math.min(...changes);
  const pieces = Math.max(1, Math.ceil(widest / PIECE));
  if (pieces > MOST_PIECES)
    throw new ExplainFault(
      "method_unsupported",
      `a margin of the trees differs by ${widest} from the background's, so that probabilities are 0 or 1; explain the scale raw`,
      "scale",
    );
  found.fill(0);
  const shares = new Float64Array(from.length);
  for (let piece = 0; piece < pieces; piece += 1)
    for (const [at, node] of nodes.entries()) {
      const t = (piece + (1 + node) / 2) / pieces;
      for (let margin = 0; margin < shares.length; margin += 1)
        shares[margin] = (from[margin] ?? 0) * (1 - t) + (to[margin] ?? 0) * t;
      toSoftmax(shares);
      const own = shares[target] ?? 0;
      const weight = ((weights[at] ?? 0) / 2 / pieces) * own;
      for (let margin = 0; margin < shares.length; margin += 1)
        found[margin] =
          (found[margin] ?? 0) + weight * ((margin === target ? 1 : 0) - (shares[margin] ?? 0));
    }
}

function toSoftmax(margins: Float64Array): void {
  const most = margins.reduce((found, margin) => Math.max(found, margin), -Infinity);
  let sum = 0;
  for (let at = 0; at < margins.length; at += 1) {
    margins[at] = Math.exp((margins[at] ?? 0) - most);
    sum += margins[at] ?? 0;
  }
  for (let at = 0; at < margins.length; at += 1) margins[at] = (margins[at] ?? 0) / sum;
}
