import { ExplainFault } from "../explain-fault.ts";
import { METHOD_OPTIONS, type ExplainRequest, type MethodOptions } from "../explain-request.ts";
import type { Method } from "../explanation.ts";
import { OnnxFault } from "../../onnx/onnx-fault.ts";
import { readTreeModel } from "../tree/read-tree-model.ts";
import type { Target } from "../score.ts";
import { runExact, runKernel, runPermutation, runSampling } from "./coalition-methods.ts";
import { runCounterfactual } from "./counterfactual.ts";
import {
  deepKey,
  gradientKey,
  runDeep,
  runExpectedGradients,
  runGradCam,
  runInputXGradient,
  runIntegratedGradients,
  runSaliency,
  runSmoothGrad,
} from "./gradient-methods.ts";
import { runAttention, runLime } from "./other-methods.ts";
import type { Subject } from "./subject.ts";
import type { RunMethod } from "./task.ts";
import { runTree } from "./tree-method.ts";
import { openDeepShap } from "../deep/deep-shap.ts";
import { openScoreGradient } from "../gradients/score-gradient.ts";

export const RUN: Record<Method, RunMethod> = {
  exact: runExact,
  kernel: runKernel,
  permutation: runPermutation,
  sampling: runSampling,
  gradient: runExpectedGradients,
  deep: runDeep,
  tree: runTree,
  lime: runLime,
  integrated_gradients: runIntegratedGradients,
  smooth_grad: runSmoothGrad,
  input_x_gradient: runInputXGradient,
  saliency: runSaliency,
  grad_cam: runGradCam,
  attention: runAttention,
  counterfactual: runCounterfactual,
};

/** Throws `ExplainFault` (option_invalid) for an option that the method does not have. */
export function checkOptions({ method, options, include_interactions }: ExplainRequest): void {
  const known: readonly string[] = METHOD_OPTIONS[method];
  const odd = Object.keys(options).find(
    (name) => options[name as keyof MethodOptions] !== undefined && !known.includes(name),
  );
  if (odd !== undefined)
    throw new ExplainFault(
      "option_invalid",
      `'${method}' has no option '${odd}'; it has ${known.length === 0 ? "none" : known.map((name) => `'${name}'`).join(", ")}`,
      `options.${odd}`,
    );
  if (include_interactions && !["exact", "tree", "shap"].includes(method))
    throw new ExplainFault(
      "option_invalid",
      `'${method}' knows no interactions; 'tree' and 'exact' do`,
      "include_interactions",
    );
}

/** The method itself, or for `shap` the Shapley method that suits the model best. */
export async function chosenMethod(
  subject: Subject,
  { method, options, groups }: ExplainRequest,
  target: Target,
  isText: boolean,
): Promise<Method> {
  if (method !== "shap") return method;
  if (isText) return "kernel";
  const { best } = await subject.kept.once(`shap ${JSON.stringify(target)}`, async () => ({
    best: await bestFor(subject, target),
  }));
  // Segments and groups are players, over which secants and gradients only sum.
  const isSummed = best === "deep" || best === "gradient";
  return isSummed && (options.segments !== undefined || groups !== null) ? "kernel" : best;
}

/** Exact for trees; by secants, whose sum is exact, where they are known; else by slopes, or by asking. */
async function bestFor(
  { runtime, model, layout, kept }: Subject,
  target: Target,
): Promise<"tree" | "deep" | "gradient" | "kernel"> {
  if (await isTaken(() => readTreeModel(model, target))) return "tree";
  const openDeep = () =>
    kept.once(deepKey(target), () => openDeepShap(runtime, model, layout, target));
  if (await isTaken(openDeep)) return "deep";
  const openGradient = () =>
    kept.once(gradientKey(target), () =>
      openScoreGradient(runtime, model, layout, { ...target, index: 0 }),
    );
  return (await isTaken(openGradient)) ? "gradient" : "kernel";
}

/** False where the model is refused; anything else that goes wrong is told. */
async function isTaken(work: () => unknown): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const isRefusal =
      error instanceof ExplainFault || (error instanceof OnnxFault && error.cause === undefined);
    if (isRefusal) return false;
    throw error;
  }
}
