import type { explanations, ExplanationView } from "@linnet/sdk";
import {
  alignedTo,
  formatCount,
  formatMs,
  formatNumber,
  formatPercent,
  formatSigned,
} from "./format.ts";
import type { Paint } from "./paint.ts";
import { renderSignedBar } from "./signed-bar.ts";
import { type Column, renderFields, renderTable, type TableOptions } from "./table.ts";

type Contribution = ExplanationView["feature_contributions"][number];
type Row = Pick<Contribution, "contribution" | "confidence_interval"> & {
  feature: string;
  value: string;
  /** Whether it is drawn; all others together may be more than the greatest. */
  hasBar: boolean;
};

/** Features that are shown where nobody says how many. */
export const TOP = 10;
const BAR_SIDE = 8;

const STOPPED: Record<ExplanationView["stopped"], string> = {
  complete: "",
  max_residual: ", stopped when the residual was small enough",
  max_half_width: ", stopped when the intervals were narrow enough",
  deadline: ", stopped at the deadline",
};

type View = ExplanationView | explanations.ExplanationEstimate;

/** Why one row has its score: the greatest contributions, and how they were found. */
export function renderExplanation(view: ExplanationView, options: TableOptions, top = TOP): string {
  const { fit, counterfactual, interactions, cached } = view;
  const time = `${formatMs(view.computation_time_ms)} ms`;
  const fields = renderFields(
    [
      ["explanation", view.explanation_id],
      ["of", `${view.model}@${view.model_version}, ${targetOf(view)}`],
      ["prediction", formatNumber(view.actual_prediction)],
      ["base", formatNumber(view.base_prediction)],
      ["residual", residualOf(view)],
      [
        "method",
        `${view.method}, ${formatCount(view.model_rows)} rows run${STOPPED[view.stopped]}`,
      ],
      [
        "surrogate",
        fit && `R² ${formatNumber(fit.r2)}, says ${formatNumber(fit.local_prediction)}`,
      ],
      ["time", cached ? `cached; it took ${time}` : time],
      ["note", view.notes.join("; ")],
    ],
    options,
  );
  const parts = [fields];
  // The changes of a counterfactual are its contributions in other units.
  if (counterfactual) parts.push(renderCounterfactual(counterfactual, options, top));
  else if (view.feature_contributions.length > 0)
    parts.push(renderContributions(view, options, top));
  if (interactions) parts.push(renderInteractions(interactions, options, top));
  return parts.join("\n\n");
}

/** What is left unexplained, and its share of what was to be explained. */
function residualOf({ residual, actual_prediction, base_prediction }: View): string | null {
  if (residual === null || residual === 0) return residual === null ? null : "0";
  const whole = Math.abs(actual_prediction - base_prediction);
  const share = whole === 0 ? 1 : Math.abs(residual) / whole;
  const told = share < 0.0001 ? "" : ` (${formatPercent(share)} of prediction less base)`;
  return `${formatSigned(residual)}${told}`;
}

/** Such as `probabilities[1]`, or with the name of the class. */
export const targetOf = ({ target: { output, index, class_name } }: View): string =>
  class_name === null ? `${output}[${index}]` : `${output} of ${class_name}`;

/** Half the width of the widest interval; null where the method knows none. */
export function widestHalf({ feature_contributions }: View): number | null {
  const halves = feature_contributions.flatMap(({ confidence_interval }) =>
    confidence_interval ? [halfOf(confidence_interval)] : [],
  );
  return halves.length === 0 ? null : Math.max(...halves);
}

const halfOf = ([low, high]: [number, number]): number => (high - low) / 2;

export const byStrength = <T extends { contribution: number }>(all: readonly T[]): T[] =>
  all.toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));

function renderContributions(view: View, options: TableOptions, top: number): string {
  const ranked = byStrength(view.feature_contributions);
  const shown = ranked.slice(0, top);
  const largest = Math.abs(shown[0]?.contribution ?? 0);
  const rows = [...shown.map(rowOf), ...othersOf(view, ranked.slice(top))];
  return renderTable(columnsOf(largest, options.paint), rows, options);
}

const columnsOf = (largest: number, paint: Paint): Column<Row>[] => {
  const format = alignedTo(largest);
  const half = (interval: [number, number]) => {
    const size = halfOf(interval);
    return size === 0 ? "exact" : `± ${format(size)}`;
  };
  return [
    { title: "feature", flexible: true, value: ({ feature }) => feature },
    { title: "value", align: "right", value: ({ value }) => value },
    {
      title: "contribution",
      align: "right",
      value: ({ contribution }) => formatSigned(contribution, format),
    },
    {
      title: "95 %",
      align: "right",
      value: ({ confidence_interval: interval }) => (interval ? half(interval) : ""),
    },
    {
      title: "",
      // Drawn by `style`, which may colour a part of it.
      value: () => " ".repeat(2 * BAR_SIDE + 1),
      style: (_, { contribution, hasBar }) =>
        hasBar ? renderSignedBar(contribution, { largest, side: BAR_SIDE, paint }).trimEnd() : "",
    },
  ];
};

const rowOf = ({ rule, feature_name, feature_value, ...rest }: Contribution): Row => ({
  feature: rule ?? feature_name,
  value: valueOf(feature_value),
  ...rest,
  hasBar: true,
});

const valueOf = (value: Contribution["feature_value"]): string =>
  typeof value === "number" ? formatNumber(value) : (value ?? "");

/** The rest as one row, where all of it is known. */
function othersOf(
  { feature_contributions: all, feature_count }: View,
  rest: Contribution[],
): Row[] {
  const isSaid = rest.some((one) => one.contribution !== 0);
  if (!isSaid || all.length < feature_count) return [];
  const contribution = rest.reduce((sum, one) => sum + one.contribution, 0);
  const feature = others(rest.length);
  return [{ feature, value: "", contribution, confidence_interval: null, hasBar: false }];
}

function renderInteractions(
  all: NonNullable<ExplanationView["interactions"]>,
  options: TableOptions,
  top: number,
): string {
  const ranked = all.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, top);
  return renderTable(
    [
      { title: "feature", flexible: true, value: ({ feature }) => feature },
      { title: "with", flexible: true, value: (one) => one.with },
      { title: "interaction", align: "right", value: ({ value }) => formatSigned(value) },
    ],
    ranked,
    options,
  );
}

function renderCounterfactual(
  {
    found,
    distance,
    norm,
    from_class,
    to_class,
    changes,
  }: NonNullable<ExplanationView["counterfactual"]>,
  options: TableOptions,
  top: number,
): string {
  if (!found) return `No change within bounds makes it other than ${from_class}`;
  const head = `${from_class} becomes ${to_class} at a distance of ${formatNumber(distance)} (${norm})`;
  const table = renderTable(
    [
      { title: "feature", flexible: true, value: ({ feature_name }) => feature_name },
      { title: "from", align: "right", value: ({ from }) => formatNumber(from) },
      { title: "to", align: "right", value: ({ to }) => formatNumber(to) },
    ],
    changes.slice(0, top),
    options,
  );
  return `${head}\n\n${table}${moreThan(top, changes.length, options)}`;
}

/** A line that says how many more there are. */
export const moreThan = (shown: number, all: number, { paint }: TableOptions): string =>
  all > shown ? `\n${paint.dim(`and ${others(all - shown)}: --top ${all}`)}` : "";

export const others = (count: number): string =>
  count === 1 ? "1 other" : `${formatCount(count)} others`;
