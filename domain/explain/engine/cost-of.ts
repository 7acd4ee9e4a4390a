import { DEFAULT_PARTS } from "../segments/equal-parts.ts";
import { DEFAULT_SEGMENTS } from "../segments/patches.ts";
import { MOST_EXACT_PLAYERS } from "../shap/exact-shapley.ts";
import { ADDITIVE, type Method } from "../explanation.ts";
import type { ExplainRequest } from "../explain-request.ts";
import { EXPECTED_SAMPLES, MOST_SAMPLES, MOST_STEPS, MOST_TIMES, STEPS } from "./patience.ts";
import type { Subject } from "./subject.ts";

/** A forward pass and a backward pass, which costs about twice as much. */
const WITH_GRADIENT = 3;

const NOISE_ROWS = 10;

/** `background` is how many rows one coalition takes. */
type Sizes = {
  players: number;
  background: number;
  samples: number | undefined;
  steps: number;
  isSegmented: boolean;
};

/** Rows that each method runs for one explanation, a gradient counting as three. */
const ROWS: Record<Method, (sizes: Sizes) => number> = {
  exact: ({ players, background }) => 2 ** Math.min(MOST_EXACT_PLAYERS, players) * background,
  kernel: ({ players, background, samples }) => (samples ?? 2 * players + 2_048) * background,
  permutation: ({ players, background, samples }) => (samples ?? 2 * players + 2_048) * background,
  sampling: ({ players, samples }) => 2 * (samples ?? 1_000 * players),
  gradient: ({ background, samples = EXPECTED_SAMPLES }) => background + WITH_GRADIENT * samples,
  deep: ({ background }) => 2 * WITH_GRADIENT * background,
  tree: () => 1,
  lime: ({ samples, isSegmented, background }) =>
    isSegmented ? (samples ?? 1_000) * background : (samples ?? 5_000),
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
export function costOf(
  subject: Subject,
  request: ExplainRequest,
  method: Method,
  background: number,
): number {
  const { options, groups } = request;
  const { samples, steps = STEPS } = options;
  const isSegmented =
    subject.kind !== "table" && groups === null && options.segments?.kind !== "none";
  const sizes = {
    players: playerCount(subject, request, method),
    background: isSegmented ? rowsShown(options, background) : background,
    samples,
    steps,
    isSegmented,
  };
  return ROWS[method](sizes) * patience(request, method) * subject.macs_per_row;
}

/** Rows that stand for a hidden segment. */
function rowsShown({ segments = {} }: ExplainRequest["options"], background: number): number {
  const { fill = "background" } = segments;
  if (fill === "background") return background;
  return fill === "noise" ? NOISE_ROWS : 1;
}

/** How much longer a limit may make it, where no deadline ends that. */
function patience({ limits, options }: ExplainRequest, method: Method): number {
  const isOpen = limits.max_residual !== undefined || limits.max_half_width !== undefined;
  if (!isOpen || limits.deadline_ms !== undefined) return 1;
  if (method === "integrated_gradients") return Math.max(1, MOST_STEPS / (options.steps ?? STEPS));
  if (method !== "gradient") return 1;
  const samples = options.samples ?? EXPECTED_SAMPLES;
  return Math.max(1, Math.min(MOST_TIMES, MOST_SAMPLES / samples));
}

function playerCount(
  { kind, layout }: Subject,
  { groups, options }: ExplainRequest,
  method: Method,
): number {
  if (groups !== null) {
    const all = Object.values(groups);
    // What is in no group plays by itself.
    return all.length + Math.max(0, layout.size - all.flat().length);
  }
  const isWhole = kind === "table" || options.segments?.kind === "none";
  if (isWhole || !ADDITIVE.has(method)) return layout.size;
  return options.segments?.count ?? (kind === "signal" ? DEFAULT_PARTS : DEFAULT_SEGMENTS);
}
