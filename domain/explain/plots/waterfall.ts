import { ADDITIVE } from "../explanation.ts";
import { figure } from "./figure.ts";
import { alike, signedAlike } from "./numerals.ts";
import {
  cannotPlot,
  contributionInWords,
  describeContributions,
  greatestFirst,
  hasIntervals,
  headingOf,
  METHOD_TITLES,
  others,
  SIGN_LEGEND,
  valueDetail,
  type PlottedContribution,
  type PlottedExplanation,
} from "./plotted-explanation.ts";
import { drawSpans, type Span } from "./spans.ts";
import { toneOf } from "./style.ts";

/** A step of the sum from the base to the prediction. */
export type Step = {
  name: string;
  detail: string;
  contribution: number;
  interval: readonly [number, number] | null;
  tooltip: string;
};

const MOST_STEPS = 14;
/** Less than this share of the way from the least to the greatest sum is not worth a line. */
const SLIGHT = 0.002;

/**
 * The steps from the base to the prediction, the greatest first, the small ones together, and what
 * the contributions leave unexplained at the end. Throws `ExplainFault` (option_invalid) for a
 * method whose contributions do not add up.
 */
export function stepsOf(explained: PlottedExplanation, plot: string, most = MOST_STEPS): Step[] {
  const { method, base_prediction, actual_prediction } = explained;
  if (!ADDITIVE.has(method))
    throw cannotPlot(
      plot,
      `the contributions of '${method}' do not add up to the prediction; take 'bar'`,
    );
  const ranked = greatestFirst(explained.feature_contributions);
  const kept = explained.feature_count <= most ? most : most - 1;
  const shown = ranked.slice(0, kept).map(stepOf);
  const total = actual_prediction - base_prediction;
  const residual = explained.residual ?? 0;
  const rest = total - residual - sumOf(shown);
  const left = explained.feature_count - shown.length;
  const steps = left === 0 ? shown : [...shown, plainStep(others(left, explained), rest)];
  const size = Math.max(...steps.map(({ contribution }) => Math.abs(contribution)), 0);
  return Math.abs(residual) <= SLIGHT * size
    ? steps
    : [...steps, plainStep("left unexplained", residual)];
}

const sumOf = (steps: readonly Step[]): number =>
  steps.reduce((sum, { contribution }) => sum + contribution, 0);

const stepOf = (one: PlottedContribution): Step => ({
  name: one.feature_name,
  detail: valueDetail(one),
  contribution: one.contribution,
  interval: one.confidence_interval,
  tooltip: contributionInWords(one),
});

const plainStep = (name: string, contribution: number): Step => ({
  name,
  detail: "",
  contribution,
  interval: null,
  tooltip: `${name}: ${contribution}`,
});

/** From the base down to the prediction, each contribution where the ones before it have led. */
export function waterfall(explained: PlottedExplanation): string {
  const steps = stepsOf(explained, "waterfall");
  const { base_prediction: base, actual_prediction: prediction } = explained;
  const print = signedAlike(steps.map(({ contribution }) => contribution));
  const printEnd = alike([base, prediction]);
  let reached = base;
  const spans = steps.map((step): Span => {
    const from = reached;
    reached += step.contribution;
    return {
      ...step,
      from,
      to: reached,
      interval: step.interval && [from + step.interval[0], from + step.interval[1]],
      text: print(step.contribution),
      tone: toneOf(step.contribution),
    };
  });
  const ends = { from: base, to: base, interval: null, tone: "ink", isMark: true } as const;
  const whiskers = hasIntervals(explained.feature_contributions)
    ? "; whiskers are 95 % intervals"
    : "";
  return figure({
    ...headingOf(
      explained,
      `From base to prediction by ${METHOD_TITLES[explained.method]}${whiskers}`,
    ),
    description: describeContributions(explained),
    legend: SIGN_LEGEND,
    body: drawSpans(
      [
        { ...ends, name: "base", text: printEnd(base), tooltip: `base: ${base}` },
        ...spans,
        {
          ...ends,
          from: prediction,
          to: prediction,
          name: "prediction",
          text: printEnd(prediction),
          tooltip: `prediction: ${prediction}`,
        },
      ],
      { axis_title: "score", connected: true },
    ),
  });
}
