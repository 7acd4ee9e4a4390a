import type { Link } from "./game.ts";
import type { Method } from "./explanation.ts";

/** When an explainer may stop before it has done all that its options ask for. */
export type Limits = {
  /** Good enough: what is left unexplained, as a share of |prediction - base|. It may also take more samples to get there. */
  max_residual?: number;
  /** Good enough: half the width of the widest confidence interval, in units of the score. */
  max_half_width?: number;
  /** Time is up. What has been found by then is the answer. */
  deadline_ms?: number;
};

/** How an instance that is no table is cut into parts that get a contribution each. */
export type Segments = {
  kind?: "equal" | "grid" | "slic" | "quickshift" | "none";
  count?: number;
  fill?: "background" | "mean" | "zero" | "noise" | "interpolate";
};

/** The options of all methods; each reads its own, and a request that sets another's is refused. */
export type MethodOptions = {
  samples?: number;
  link?: Link;
  l1?:
    | { kind: "none" | "aic" | "bic" }
    | { kind: "num_features"; count: number }
    | { kind: "lasso"; alpha: number };
  compatible?: boolean;
  mode?: "interventional" | "path_dependent";
  scale?: "raw" | "probability";
  logits?: boolean;
  smoothing?: number;
  steps?: number;
  rule?:
    | "gauss_legendre"
    | "trapezoid"
    | "riemann_left"
    | "riemann_right"
    | "riemann_middle"
    | "captum_trapezoid";
  baseline?: "background" | "zeros";
  noise?: number;
  kind?: "smoothgrad" | "smoothgrad_sq" | "vargrad";
  layer?: string;
  relu?: boolean;
  features?: number;
  kernel_width?: number;
  discretiser?: "quartile" | "decile" | "entropy" | "none";
  selection?: "auto" | "forward_selection" | "highest_weights" | "lasso_path" | "none";
  sample_around_instance?: boolean;
  segments?: Segments;
  norm?: "linf" | "l2";
  max_epsilon?: number;
  target_class?: number | string;
  immutable?: string[];
  bounds?: Record<string, [number, number]>;
};

export type ExplainRequest = {
  /** `shap` picks the Shapley method that suits the model: tree, deep, gradient, or kernel. */
  method: Method | "shap";
  options: MethodOptions;
  /** Null: the output of scores, and in it the class that the model names for the instance. */
  output: string | null;
  class: number | string | null;
  /** Null: those that the model's file names, or `input[3]`. */
  feature_names: string[] | null;
  /** Features that get one contribution together, by the name of the group. */
  groups: Record<string, string[]> | null;
  include_interactions: boolean;
  top_k_features: number;
  seed: number;
  limits: Limits;
};

/** Which options each method has. */
export const METHOD_OPTIONS: Record<Method | "shap", readonly (keyof MethodOptions)[]> = {
  shap: ["samples", "segments"],
  exact: ["link", "segments"],
  kernel: ["samples", "link", "l1", "compatible", "segments"],
  permutation: ["samples", "link", "segments"],
  sampling: ["samples", "link", "segments"],
  gradient: ["samples", "smoothing", "logits"],
  deep: ["logits"],
  tree: ["mode", "scale"],
  lime: [
    "samples",
    "features",
    "kernel_width",
    "discretiser",
    "selection",
    "sample_around_instance",
    "segments",
  ],
  integrated_gradients: ["steps", "rule", "baseline", "logits"],
  smooth_grad: ["samples", "noise", "kind", "logits"],
  input_x_gradient: ["logits"],
  saliency: ["logits"],
  grad_cam: ["layer", "relu", "logits"],
  attention: ["layer"],
  counterfactual: ["norm", "steps", "max_epsilon", "target_class", "immutable", "bounds"],
};
