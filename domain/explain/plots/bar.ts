import type { Counterfactual, Method } from "../explanation.ts";
import { figure } from "./figure.ts";
import { numeral, signedAlike } from "./numerals.ts";
import {
  contributionInWords,
  describeContributions,
  greatestFirst,
  hasIntervals,
  headingOf,
  METHOD_TITLES,
  PLAYER_NOUNS,
  SIGN_LEGEND,
  valueDetail,
  type PlottedExplanation,
} from "./plotted-explanation.ts";
import { drawSpans, type Span } from "./spans.ts";
import { toneOf } from "./style.ts";

const MOST_BARS = 20;

/** Of methods whose numbers are no parts of the score. */
const AXIS_TITLES: Readonly<Partial<Record<Method, string>>> = {
  saliency: "slope of the score",
  smooth_grad: "slope of the score",
  lime: "weight in the linear surrogate",
  grad_cam: "weighted activation",
  attention: "share of the attention",
};

/** The greatest contributions, each from zero; for a counterfactual, the changes that it makes. */
export function bar(explained: PlottedExplanation): string {
  if (explained.counterfactual !== null) return changes(explained, explained.counterfactual);
  const [first, ...others] = greatestFirst(explained.feature_contributions);
  const shown = [
    ...(first === undefined ? [] : [first]),
    ...others.filter(({ contribution }) => contribution !== 0),
  ].slice(0, MOST_BARS);
  const print = signedAlike(shown.map(({ contribution }) => contribution));
  const spans = shown.map((one): Span => ({
    ...(one.rule === null || one.rule === undefined
      ? { name: one.feature_name, detail: valueDetail(one) }
      : { name: one.rule }),
    from: 0,
    to: one.contribution,
    interval: one.confidence_interval,
    text: print(one.contribution),
    tone: toneOf(one.contribution),
    tooltip: contributionInWords(one),
  }));
  const whiskers = hasIntervals(shown) ? "; whiskers are 95 % intervals" : "";
  return figure({
    ...headingOf(
      explained,
      `Contributions by ${METHOD_TITLES[explained.method]}${whiskers}${partNote(explained, shown.length)}`,
    ),
    description: describeContributions(explained),
    legend: SIGN_LEGEND,
    footnotes: fitNotes(explained),
    body: drawSpans(spans, {
      axis_title: AXIS_TITLES[explained.method] ?? "contribution to the score",
      include: [0],
    }),
  });
}

function partNote({ feature_count, players }: PlottedExplanation, shown: number): string {
  if (shown === feature_count) return "";
  return `; the ${shown} greatest of ${feature_count} ${PLAYER_NOUNS[players]}s`;
}

const fitNotes = ({ fit }: PlottedExplanation): string[] =>
  fit === null
    ? []
    : [
        `The linear surrogate gives ${numeral(fit.local_prediction)} here, from an intercept of ${numeral(fit.intercept)}; it explains ${numeral(100 * fit.r2, 3)} % of the variance (R²) around this input.`,
      ];

function changes(explained: PlottedExplanation, flip: Counterfactual): string {
  const sizes = new Map(
    explained.feature_contributions.map((one) => [one.feature_name, one.contribution]),
  );
  const ranked = flip.changes
    .map((change) => ({ ...change, contribution: sizes.get(change.feature_name) ?? 0 }))
    .toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const shown = ranked.slice(0, MOST_BARS);
  const print = signedAlike(shown.map(({ contribution }) => contribution));
  const subtitle = flip.found
    ? `The smallest change found that turns ‘${flip.from_class}’ into ‘${flip.to_class ?? "another class"}’, where the score is ${numeral(flip.prediction ?? 0)}`
    : `No change within the limits turns ‘${flip.from_class}’ into another class`;
  return figure({
    ...headingOf(explained, subtitle),
    description: `${subtitle}. ${shown.map(({ feature_name, from, to }) => `${feature_name} goes from ${numeral(from)} to ${numeral(to)}`).join("; ")}`,
    legend: flip.found
      ? [
          { tone: "raises", text: "becomes more" },
          { tone: "lowers", text: "becomes less" },
        ]
      : [],
    footnotes:
      shown.length < ranked.length
        ? [`These are the ${shown.length} greatest of ${ranked.length} changes.`]
        : [],
    body: drawSpans(
      shown.map(({ feature_name, from, to, contribution }) => ({
        name: feature_name,
        detail: `: ${numeral(from, 3)} → ${numeral(to, 3)}`,
        from: 0,
        to: contribution,
        interval: null,
        text: print(contribution),
        tone: toneOf(contribution),
        tooltip: `${feature_name}: from ${from} to ${to}`,
      })),
      { axis_title: "change, in standard deviations of the background", include: [0] },
    ),
  });
}
