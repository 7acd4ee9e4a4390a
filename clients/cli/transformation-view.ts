import type { Reproducibility, TransformationStateView, TransformationSummary } from "@linnet/sdk";
import { formatCount, formatTime } from "./format.ts";
import { renderFields, renderTable, type TableOptions } from "./table.ts";

type Made = TransformationStateView["versions"][number];

/** What was done, and the versions that it made. */
export function renderTransformation(
  state: TransformationStateView,
  options: TableOptions,
): string {
  const { problem, versions } = state;
  const fields = renderFields(
    [
      ["transformation", state.transformation_id],
      ["type", state.transformation_type],
      ["status", state.status],
      ["of", state.source_version_ids.join(", ")],
      ["parameters", JSON.stringify(state.parameters)],
      ["rows", `${formatCount(state.rows_read)} read, ${formatCount(state.rows_written)} written`],
      ["problem", problem && `${problem.detail} (${problem.code})`],
      ["created", formatTime(state.created_at)],
      ["ended", state.ended_at && formatTime(state.ended_at)],
    ],
    options,
  );
  const warnings = versions.flatMap((version) => version.warnings.map((one) => `warning: ${one}`));
  return [
    fields,
    ...(versions.length > 0 ? [renderMade(versions, options)] : []),
    ...(warnings.length > 0 ? [warnings.join("\n")] : []),
  ].join("\n\n");
}

const renderMade = (versions: readonly Made[], options: TableOptions): string =>
  renderTable(
    [
      { title: "output", value: ({ output }) => output ?? "" },
      {
        title: "version",
        align: "right",
        value: ({ version_number }) => `${version_number ?? ""}`,
      },
      {
        title: "rows",
        align: "right",
        value: ({ row_count }) => (row_count === null ? "" : formatCount(row_count)),
      },
      {
        title: "new",
        value: ({ created, matches }) => ((matches ?? created) ? "yes" : "no"),
      },
      { title: "id", value: ({ version_id }) => version_id ?? "" },
      { title: "dataset", value: ({ dataset_id }) => dataset_id },
    ],
    versions,
    options,
  );

export const renderTransformations = (
  items: readonly TransformationSummary[],
  options: TableOptions,
): string =>
  renderTable(
    [
      { title: "transformation", value: ({ transformation_id }) => transformation_id },
      { title: "type", value: ({ transformation_type }) => transformation_type },
      { title: "status", value: ({ status }) => status },
      { title: "dataset", value: ({ dataset_id }) => dataset_id },
      { title: "created (UTC)", value: ({ created_at }) => formatTime(created_at) },
    ],
    items,
    options,
  );

/** Whether a version can be made again, and what keeps it from that. */
export function renderReproducibility(found: Reproducibility, options: TableOptions): string {
  const { reproducible, roots, steps, missing, checks } = found;
  const answer = reproducible === null ? "not known" : reproducible ? "yes, byte for byte" : "no";
  const fields = renderFields(
    [
      ["version", found.version_id],
      ["reproducible", answer],
      ["from", roots.join(", ")],
      ["steps", steps.map(({ transformation_type }) => transformation_type).join(", ")],
    ],
    options,
  );
  const faults = [
    ...missing.map(missingOf),
    ...checks.flatMap(({ transformation_id, status, problem, versions }) => [
      ...(status === "failed" ? [`${transformation_id} failed: ${problem?.detail ?? ""}`] : []),
      ...versions
        .filter(({ matches }) => matches === false)
        .map(({ content_hash }) => `${transformation_id} made other bytes: sha256 ${content_hash}`),
    ]),
  ];
  return faults.length === 0 ? fields : `${fields}\n\n${faults.join("\n")}`;
}

const MISSING = new Map([
  ["source_missing", "is deleted, or not yours to read"],
  ["not_recorded", "names parents, and nobody said how it was made of them"],
  ["not_executable", "was done elsewhere, and told of with an upload"],
  ["code_changed", "would give other rows: the engine has changed"],
]);

/** What is in the way; one of a platform that is newer than this is shown as it came. */
function missingOf(one: Reproducibility["missing"][number]): string {
  const why = MISSING.get(one.code);
  const what = one["version_id"] ?? one["transformation_id"];
  return why === undefined || typeof what !== "string"
    ? JSON.stringify(one)
    : `${what} ${why} (${one.code})`;
}
