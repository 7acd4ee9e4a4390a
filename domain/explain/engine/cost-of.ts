import { MOST_EXACT_PLAYERS } from "../shap/exact-shapley.ts";
import { ADDITIVE, type Method } from "../explanation.ts";
import type { ExplainRequest } from "../explain-request.ts";
import type { Subject } from "./subject.ts";

/** A forward pass and a backward pass, which costs about twice as much. */
const WITH_GRADIENT = 3;
const SIGNAL_SEGMENTS = 20;
const IMAGE_SEGMENTS = 50;

type Sizes = { players: number; background: number; samples: number | undefined; steps: number };

/** Rows that each method runs for one explanation, a gradient counting as three. */
const ROWS: Record<Method, (sizes: Sizes) => number> = {
  exact: ({ players, background }) => 2 ** Math.min(MOST_EXACT_PLAYERS, players) * background,
  kernel: ({ players, background, samples }) => (samples ?? 2 * players + 2_048) * background,
  permutation: ({ players, background, samples }) => (samples ?? 2 * players + 2_048) * background,
  sampling: ({ players, samples }) => 2 * (samples ?? 1_000 * players),
  gradient: ({ background, samples = 100 }) => background + WITH_GRADIENT * samples,
  deep: ({ background }) => 2 * WITH_GRADIENT * background,
  tree: () => 1,
  lime: ({ samples = 5_000 }) => samples,
  integrated_gradients: ({ steps }) => WITH_GRADIENT * 1.4 * steps,
  smooth_grad: ({ samples = 50 }) => WITH_GRADIENT * samples,
  input_x_gradient: () => WITH_GRADIENT,
  saliency: () => WITH_GRADIENT,
  grad_cam: () => WITH_GRADIENT,
  attention: () => 2,
  counterfactual: ({ steps }) => 100 * WITH_GRADIENT * steps,
};

/**
 * About how many multiply-accumulates of the model it takes to explain a row.
 */
export function costOf(subject: Subject, request: ExplainRequest, background: number): number {
  const { method, options, groups } = request;
  const { samples, steps = 50 } = options;
  const sizes = { players: playerCount(subject, request), background, samples, steps };
  // Trees and gradients cost less than coalitions, if `shap` finds that it can take them.
  const each = method === "shap" ? ROWS.gradient(sizes) : ROWS[method](sizes);
  const isSegmented = groups === null && method === "lime" && subject.kind !== "table";
  return each * (isSegmented ? Math.max(1, background) : 1) * subject.macs_per_row;
}

function playerCount(
  { kind, layout }: Subject,
  { groups, options, method }: ExplainRequest,
): number {
  if (groups !== null) return Object.keys(groups).length;
  const isWhole = kind === "table" || options.segments?.kind === "none";
  if (isWhole || (method !== "shap" && !ADDITIVE.has(method))) return layout.size;
  return options.segments?.count ?? (kind === "signal" ? SIGNAL_SEGMENTS : IMAGE_SEGMENTS);
}
