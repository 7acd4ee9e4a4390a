import type { Page } from "../../../contract/common.ts";

/** Cuts `rows`, read with one more than `limit`, into a page; the cursor is the last row's key. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => string,
  view: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next_cursor = rows.length > limit && last !== undefined ? cursorOf(last) : null;
  return { items: shown.map(view), next_cursor };
}
