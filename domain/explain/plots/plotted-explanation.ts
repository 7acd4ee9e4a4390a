import { ADDITIVE, type Explained, type FeatureContribution, type Method } from "../explanation.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { LegendEntry } from "./figure.ts";
import { counted, numeral, signed } from "./numerals.ts";
import { BOLD, FONT, toneOf, WIDTH } from "./style.ts";
import { fitted } from "./text-width.ts";

/** What a picture needs of an explanation as it is sent. */
export type PlottedExplanation = Pick<
  Explained,
  | "method"
  | "target"
  | "base_prediction"
  | "actual_prediction"
  | "players"
  | "feature_count"
  | "residual"
  | "fit"
  | "map"
  | "input"
  | "words"
  | "attention"
  | "counterfactual"
> &
  Versioned & { readonly feature_contributions: readonly PlottedContribution[] };

export type PlottedContribution = Omit<FeatureContribution, "rule"> & {
  readonly rule?: string | null | undefined;
};

/** As readers know the methods. */
export const METHOD_TITLES: Readonly<Record<Method, string>> = {
  exact: "exact Shapley values",
  kernel: "Kernel SHAP",
  permutation: "permutation SHAP",
  sampling: "sampling SHAP",
  gradient: "expected gradients",
  deep: "Deep SHAP",
  tree: "Tree SHAP",
  lime: "LIME",
  integrated_gradients: "integrated gradients",
  smooth_grad: "SmoothGrad",
  input_x_gradient: "input × gradient",
  saliency: "saliency",
  grad_cam: "Grad-CAM",
  attention: "attention",
  counterfactual: "counterfactual",
};

export const SIGN_LEGEND: readonly LegendEntry[] = [
  { tone: "raises", text: "raises the score" },
  { tone: "lowers", text: "lowers the score" },
];

/** Cut so that there is room for what is said of the model. */
export const modelTitle = ({ model, model_version }: Versioned): string =>
  `${fitted(model, FONT.title * BOLD, WIDTH * 0.4)}, version ${model_version}`;

export type Versioned = { readonly model: string; readonly model_version: number };

/** Such as "‘benign’", or the place in the output where its classes have no names. */
function targetTitle({ target: { output, index, class_name } }: PlottedExplanation): string {
  if (class_name !== null) return `‘${class_name}’`;
  return `${output}[${index}]`;
}

export const headingOf = (
  explained: PlottedExplanation,
  subtitle: string,
): { title: string; subtitle: string } => ({
  title: `${modelTitle(explained)}: ${numeral(explained.actual_prediction)} for ${targetTitle(explained)}`,
  subtitle,
});

/** The greatest magnitude first; equal ones in the order of the input. */
export const greatestFirst = <One extends { contribution: number }>(all: readonly One[]): One[] =>
  all.toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));

/** Intervals without width are those of exact numbers. */
export const hasIntervals = (all: readonly PlottedContribution[]): boolean =>
  all.some(({ confidence_interval: interval }) => interval !== null && interval[0] < interval[1]);

/** Such as " = 17.99", or nothing where the player is more than one value. */
export function valueDetail({ feature_value }: PlottedContribution): string {
  if (feature_value === null) return "";
  return ` = ${typeof feature_value === "number" ? numeral(feature_value) : feature_value}`;
}

export function contributionInWords(one: PlottedContribution): string {
  const { feature_name, contribution, confidence_interval: interval, rule } = one;
  const between =
    interval === null
      ? ""
      : `, 95 % interval ${signed(interval[0], 4)} to ${signed(interval[1], 4)}`;
  const name = rule ?? `${feature_name}${valueDetail(one)}`;
  return `${name}: ${signed(contribution, 6)}${between}`;
}

const MOST_NAMED = 3;

/** What the contributions come to, in words. */
export function describeContributions(explained: PlottedExplanation): string {
  const { feature_contributions: all, feature_count, base_prediction, method } = explained;
  const named = (tone: "raises" | "lowers"): string =>
    greatestFirst(all)
      .filter(({ contribution }) => contribution !== 0 && toneOf(contribution) === tone)
      .slice(0, MOST_NAMED)
      .map(({ feature_name, contribution }) => `${feature_name} (${signed(contribution)})`)
      .join(", ");
  const [raised, lowered] = [named("raises"), named("lowers")];
  const sentences = [
    `${explained.model}, version ${explained.model_version}, gives ${numeral(explained.actual_prediction)} for ${targetTitle(explained)}, explained by ${METHOD_TITLES[method]}`,
    ...(ADDITIVE.has(method) ? [`It starts from the base ${numeral(base_prediction)}`] : []),
    `There ${feature_count === 1 ? "is" : "are"} ${counted(feature_count, "contribution")}`,
    ...(raised === "" ? [] : [`Most raise it: ${raised}`]),
    ...(lowered === "" ? [] : [`Most lower it: ${lowered}`]),
  ];
  return `${sentences.join(". ")}.`;
}

export const cannotPlot = (plot: string, reason: string): ExplainFault =>
  new ExplainFault(
    "option_invalid",
    `there is no ${plot} picture of this explanation: ${reason}`,
    "plot",
  );

/** What players are called, in the plural where there are many. */
export const PLAYER_NOUNS: Readonly<Record<PlottedExplanation["players"], string>> = {
  features: "feature",
  groups: "group",
  segments: "segment",
  words: "word",
  elements: "element",
  positions: "position",
};

/** Such as "7 other features". */
export const others = (count: number, { players }: PlottedExplanation): string =>
  counted(count, `other ${PLAYER_NOUNS[players]}`);
