import { normalQuantile } from "../../statistics/normal.ts";
import { attributeOf, intsOf } from "../node.ts";
import { sigmoid } from "./activations.ts";
import { numbers, type Numbers, type Texts, type Value } from "./array.ts";
import type { InterpreterCall } from "./interpreter-call.ts";
import { softmax } from "./reduction.ts";

const POST_TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"] as const;
export type PostTransform = (typeof POST_TRANSFORMS)[number];

/** By the name of the attribute, or by its code in TreeEnsemble. */
export function postTransformOf(call: InterpreterCall): PostTransform {
  const given = call.node.attributes.find(({ name }) => name === "post_transform")?.value ?? "NONE";
  const found = POST_TRANSFORMS.find((name, code) => name === given || code === given);
  if (found !== undefined) return found;
  throw call.fault(`'post_transform' is to be one of ${POST_TRANSFORMS.join(", ")}`);
}

/** A vector of features is one row. */
export function featureRows({ dims, data }: Numbers): number[][] {
  const features = dims.at(-1) ?? 0;
  const count = dims.length === 1 ? 1 : (dims[0] ?? 0);
  return Array.from({ length: count }, (_, row) =>
    Array.from(data.subarray(row * features, (row + 1) * features)),
  );
}

/** The scores of a row as the node gives them. SOFTMAX_ZERO leaves zeros out of the sum, and zeros. */
export function transformed(scores: readonly number[], by: PostTransform): number[] {
  switch (by) {
    case "NONE":
      return [...scores];
    case "SOFTMAX":
      return softmax(scores);
    case "LOGISTIC":
      return scores.map(sigmoid);
    case "SOFTMAX_ZERO": {
      const others = softmax(scores.filter((score) => score !== 0));
      return scores.map((score) => (score === 0 ? 0 : (others.shift() ?? 0)));
    }
    case "PROBIT":
      return scores.map(normalQuantile);
  }
}

/** What a classifier says of a row: the index of the class, and the scores. */
export type Verdict = { readonly best: number; readonly scores: readonly number[] };

/** The first of the greatest scores. */
export function verdictOf(scores: readonly number[], by: PostTransform): Verdict {
  const best = scores.reduce((found, score, at) => (score > (scores[found] ?? 0) ? at : found), 0);
  return { best, scores: transformed(scores, by) };
}

/**
 * The verdict of a classifier of two classes that has one score, that of the second class, which
 * is chosen above `threshold`. The first has the score that `other` makes of it, or, where the
 * scores are to be logistic, what is left to 1 (as ONNX Runtime completes it; the standard says nothing).
 */
export function verdictOfOne(
  score: number,
  by: PostTransform,
  { threshold, other }: { threshold: number; other: (score: number) => number },
): Verdict {
  const best = score > threshold ? 1 : 0;
  if (by === "LOGISTIC") return { best, scores: [sigmoid(-score), sigmoid(score)] };
  return { best, scores: [other(score), score] };
}

/** The labels of the classes, of which a node has integers or texts. */
export const labelsOf = (call: InterpreterCall, integers: string): readonly (string | number)[] => {
  const texts = attributeOf(call.node, "classlabels_strings", "strings") ?? [];
  return texts.length > 0 ? texts : (intsOf(call.node, integers) ?? []);
};

/** The outputs of a classifier: labels and scores. */
export function classified(
  labels: readonly (string | number)[],
  verdicts: readonly Verdict[],
): Value[] {
  const chosen = verdicts.map(({ best }) => labels[best] ?? -1);
  const scores = verdicts.flatMap((verdict) => [...verdict.scores]);
  const rows = verdicts.length;
  const isText = typeof labels[0] === "string";
  const texts: Texts = { type: "string", dims: [rows], data: chosen.map(String) };
  return [
    isText ? texts : numbers("int64", [rows], chosen.map(Number)),
    numbers("float32", [rows, scores.length / Math.max(1, rows)], scores),
  ];
}
