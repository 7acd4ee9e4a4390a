import type { DatasetVersionDetails } from "@linnet/sdk";
import { counted, formatBytes, formatCount, formatTime } from "./format.ts";
import { renderFields, renderTable, type TableOptions } from "./table.ts";

type Field = NonNullable<DatasetVersionDetails["schema"]>["fields"][number];

/** A version with its columns. */
export function renderVersion(version: DatasetVersionDetails, options: TableOptions): string {
  const { transformation, schema, row_count } = version;
  const fields = renderFields(
    [
      ["version", `${version.dataset}@${version.version_number}`],
      ["id", version.version_id],
      ["message", version.message],
      ["rows", row_count === null ? null : formatCount(row_count)],
      ["size", `${formatBytes(version.size_bytes)} in ${counted(version.chunks, "chunk")}`],
      ["new", formatBytes(version.new_bytes)],
      ["sha256", version.content_hash],
      ["made from", version.parent_version_ids.join(", ")],
      ["by", transformation && transformation.transformation_type],
      ["tags", version.tags.join(", ")],
      ["pinned", version.pinned ? "yes" : null],
      ["head", version.is_head ? "yes" : null],
      ["used by", version.used_by.join(", ")],
      ["created", `${formatTime(version.created_at)} by ${version.created_by}`],
      ["warning", version.warnings.join("; ")],
    ],
    options,
  );
  return schema === null ? fields : `${fields}\n\n${renderColumns(schema.fields, options)}`;
}

const renderColumns = (columns: readonly Field[], options: TableOptions): string =>
  renderTable(
    [
      { title: "column", flexible: true, value: ({ name }) => name },
      { title: "type", value: typeOf },
      { title: "nulls", value: ({ nullable }) => (nullable ? "may be" : "none") },
      { title: "unit", value: ({ unit = "" }) => unit },
      {
        title: "Hz",
        align: "right",
        value: ({ sampling_rate_hz }) =>
          sampling_rate_hz === undefined ? "" : String(sampling_rate_hz),
      },
    ],
    columns,
    options,
  );

const typeOf = ({ type, shape }: Field): string =>
  shape === undefined ? type : `${type}[${shape.map((size) => size ?? "?").join(", ")}]`;
