import type { AnalysisReport } from "@linnet/sdk";
import { formatNumber } from "./format.ts";
import { type Column, renderFields, renderTable, type TableOptions } from "./table.ts";

type Result = AnalysisReport["results"][number];
type Guardrail = AnalysisReport["guardrails"][number];
type Names = ReadonlyMap<string, string>;

const range = (interval: readonly [number, number] | null): string =>
  interval === null ? "–" : interval.map(formatNumber).join(" to ");

/** Whether the variants differ: at any time, for one look, and what the guardrails say. */
export function renderAnalysis(
  report: AnalysisReport,
  { names, ...options }: TableOptions & { names: Names },
): string {
  const { results, guardrails, metric, confidence_level, minimum_sample_size } = report;
  const head = `${metric}, confidence ${confidence_level}, from ${minimum_sample_size} requests on, against ${nameOf(names, report.compared_variant_id)}`;
  const parts = [
    `${head}\n${renderChecks(report, options)}`,
    `At any time, however often you look:\n${renderTable(sequentialColumns(names), results, options)}`,
    `For one look, at a sample fixed before:\n${renderTable(fixedColumns(names), results, options)}`,
  ];
  if (guardrails.length > 0) parts.push(renderGuardrails(guardrails, names, options));
  return parts.join("\n\n");
}

const nameOf = (names: Names, id: string): string => names.get(id) ?? id;

function renderChecks({ sample_ratio, evidence, results }: AnalysisReport, options: TableOptions) {
  const { log_e_value, log_threshold } = evidence;
  const share = Math.floor((Math.max(0, log_e_value) / log_threshold) * 100);
  const mismatch = sample_ratio.mismatch ? "MISMATCH: do not trust the rest" : "agrees";
  const differs = results.some(({ pooled_differs }) => pooled_differs);
  return renderFields(
    [
      ["sample ratio", `${mismatch} (p ${formatNumber(sample_ratio.p_value)})`],
      ["evidence of harm", `${share} % of what a rollback takes`],
      ["epochs", differs ? "what all add up to and what each says differ: see --json" : null],
    ],
    options,
  );
}

const variantColumn = (names: Names) => ({
  title: "variant",
  value: ({ variant_id }: { variant_id: string }) => nameOf(names, variant_id),
});

const sequentialColumns = (names: Names): Column<Result>[] => [
  variantColumn(names),
  {
    title: "difference",
    align: "right",
    value: ({ sequential }) => formatNumber(sequential.estimate),
  },
  { title: "interval", value: ({ sequential }) => range(sequential.interval) },
  {
    title: "p",
    align: "right",
    value: ({ sequential }) => formatNumber(sequential.adjusted_p_value),
  },
  { title: "advice", value: ({ sequential }) => sequential.recommended_action },
  { title: "reason", flexible: true, value: ({ sequential }) => sequential.reason ?? "" },
];

const fixedColumns = (names: Names): Column<Result>[] => [
  variantColumn(names),
  { title: "value", align: "right", value: ({ variant_value }) => formatNumber(variant_value) },
  { title: "control", align: "right", value: ({ control_value }) => formatNumber(control_value) },
  { title: "test", value: ({ method }) => method ?? "–" },
  { title: "p", align: "right", value: ({ p_value }) => formatNumber(p_value) },
  { title: "interval", value: ({ confidence_interval }) => range(confidence_interval) },
  {
    title: "sample",
    value: ({ sample_size_adequate }) => (sample_size_adequate ? "enough" : "too small"),
  },
  { title: "advice", value: ({ recommended_action }) => recommended_action },
  { title: "reason", flexible: true, value: ({ reason }) => reason ?? "" },
];

const renderGuardrails = (guardrails: Guardrail[], names: Names, options: TableOptions): string => {
  const { paint } = options;
  return renderTable<Guardrail>(
    [
      { title: "guardrail", value: ({ metric }) => metric },
      variantColumn(names),
      { title: "value", align: "right", value: (one) => formatNumber(one.variant_value) },
      { title: "control", align: "right", value: (one) => formatNumber(one.control_value) },
      { title: "worse by", align: "right", value: ({ degradation }) => formatNumber(degradation) },
      { title: "limit", align: "right", value: ({ threshold }) => formatNumber(threshold) },
      {
        title: "",
        value: ({ passed }) => (passed ? "passed" : "broken"),
        style: (cell, { passed }) => (passed ? paint.green(cell) : paint.red(cell)),
      },
      { title: "reason", flexible: true, value: ({ reason }) => reason ?? "" },
    ],
    guardrails,
    options,
  );
};
