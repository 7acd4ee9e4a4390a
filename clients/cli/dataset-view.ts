import type { Collected, DatasetVersionView, DatasetView, Removal } from "@linnet/sdk";
import { formatDuration } from "./duration.ts";
import { counted, formatBytes, formatCount, formatTime } from "./format.ts";
import { renderFields, renderTable, type TableOptions } from "./table.ts";

const DAY_S = 86_400;

export function renderDataset(dataset: DatasetView, options: TableOptions): string {
  const { head, retention } = dataset;
  return renderFields(
    [
      ["name", dataset.name],
      ["id", dataset.dataset_id],
      ["description", dataset.description],
      ["owner", dataset.owner_id],
      ["format", dataset.format],
      ["compatibility", dataset.compatibility],
      ["head", head && `${head.version_number}, ${sizeOf(head)} (${head.version_id})`],
      ["versions", formatCount(dataset.versions)],
      ["stored", formatBytes(dataset.stored_bytes)],
      [
        "shared with",
        dataset.access_groups.map(({ group, role }) => `${group} (${role})`).join(", "),
      ],
      ["retention", retention && retentionOf(retention)],
      ["archived", dataset.archived_at && formatTime(dataset.archived_at)],
      ["created", formatTime(dataset.created_at)],
      ["updated", formatTime(dataset.updated_at)],
    ],
    options,
  );
}

const retentionOf = ({ keep_last, keep_days }: NonNullable<DatasetView["retention"]>): string =>
  [
    keep_last === undefined ? [] : `the last ${counted(keep_last, "version")}`,
    keep_days === undefined ? [] : `those of ${formatDuration(keep_days * DAY_S)}`,
  ]
    .flat()
    .join(" and ");

const sizeOf = ({
  row_count,
  size_bytes,
}: Pick<DatasetVersionView, "row_count" | "size_bytes">): string =>
  `${row_count === null ? "" : `${counted(row_count, "row")}, `}${formatBytes(size_bytes)}`;

export const renderDatasets = (datasets: readonly DatasetView[], options: TableOptions): string =>
  renderTable(
    [
      { title: "name", flexible: true, value: ({ name }) => name },
      { title: "format", value: ({ format }) => format },
      { title: "versions", align: "right", value: ({ versions }) => formatCount(versions) },
      {
        title: "rows",
        align: "right",
        value: ({ head }) =>
          typeof head?.row_count === "number" ? formatCount(head.row_count) : "",
      },
      {
        title: "size",
        align: "right",
        value: ({ head }) => (head === null ? "" : formatBytes(head.size_bytes)),
      },
      { title: "updated (UTC)", value: ({ updated_at }) => formatTime(updated_at) },
      { title: "id", value: ({ dataset_id }) => dataset_id },
    ],
    datasets,
    options,
  );

/** Newest first, with what each has added. */
export const renderLog = (versions: readonly DatasetVersionView[], options: TableOptions): string =>
  renderTable(
    [
      { title: "version", align: "right", value: ({ version_number }) => String(version_number) },
      { title: "created (UTC)", value: ({ created_at }) => formatTime(created_at) },
      {
        title: "rows",
        align: "right",
        value: ({ row_count }) => (row_count === null ? "" : formatCount(row_count)),
      },
      { title: "size", align: "right", value: ({ size_bytes }) => formatBytes(size_bytes) },
      { title: "new", align: "right", value: ({ new_bytes }) => formatBytes(new_bytes) },
      { title: "marks", value: marksOf },
      { title: "message", flexible: true, value: ({ message }) => message },
      { title: "id", value: ({ version_id }) => version_id },
    ],
    versions,
    options,
  );

const marksOf = ({ is_head, pinned, tags, transformation }: DatasetVersionView): string =>
  [
    ...(is_head ? ["head"] : []),
    ...(pinned ? ["pinned"] : []),
    ...tags,
    ...(transformation ? [transformation.transformation_type] : []),
  ].join(", ");

/** What a deletion takes. */
export function renderRemoval({ dry_run, versions, bytes }: Removal): string {
  const verb = dry_run ? "Would delete" : "Deleted";
  return `${verb} ${counted(versions.length, "version")}, ${formatBytes(bytes)}`;
}

/** What a collection takes, and why the rest stays. */
export function renderCollected(collected: Collected, options: TableOptions): string {
  const { dry_run, versions, kept, chunks, bytes } = collected;
  const verb = dry_run ? "Would delete" : "Deleted";
  const line = `${verb} ${counted(versions.length, "version")}: ${counted(chunks, "chunk")}, ${formatBytes(bytes)}`;
  const rows = [
    ...versions.map((one) => ({ ...one, why: dry_run ? "would go" : "gone" })),
    ...kept.map((one) => ({ ...one, why: one.reasons.join(", ") })),
  ].sort((a, b) => b.version_number - a.version_number);
  if (rows.length === 0) return line;
  const table = renderTable(
    [
      { title: "version", align: "right", value: ({ version_number }) => String(version_number) },
      { title: "id", value: ({ version_id }) => version_id },
      { title: "stays for", flexible: true, value: ({ why }) => why },
    ],
    rows,
    options,
  );
  return `${line}\n\n${table}`;
}
