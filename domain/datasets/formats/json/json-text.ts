import { base64 } from "../../../explain/plots/base64.ts";
import type { Field } from "../../schema.ts";
import type { Cell, TensorCell } from "../../table.ts";
import { floatText } from "../text/float-text.ts";
import { writeDate, writeTimestamp } from "../text/iso-time.ts";

/** A cell as JSON that `cellOfJson` makes the same cell of. */
export function jsonText(field: Field, cell: Cell): string {
  if (cell === null) return "null";
  if (field.shape) return tensorText(field, cell as TensorCell);
  switch (field.type) {
    case "binary":
      return `"${base64(cell as Uint8Array)}"`;
    case "date":
      return `"${writeDate(cell as number)}"`;
    case "timestamp":
      return `"${writeTimestamp(cell as bigint)}"`;
    case "string":
    case "json":
      return JSON.stringify(cell);
    default:
      return elementText(field, cell as number | bigint | boolean);
  }
}

function elementText({ type }: Field, value: number | bigint | boolean): string {
  if (typeof value !== "number" || !type.startsWith("float")) return String(value);
  return Number.isFinite(value) ? floatText(value, type) : `"${value}"`;
}

function tensorText(field: Field, { dims, data }: TensorCell): string {
  let at = 0;
  const write = (axis: number): string => {
    if (axis === dims.length) {
      const element = data[at++] ?? 0;
      return elementText(field, field.type === "bool" ? element === 1 : element);
    }
    const parts = Array.from({ length: dims[axis] ?? 0 }, () => write(axis + 1));
    return `[${parts.join(",")}]`;
  };
  return write(0);
}
