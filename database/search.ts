import { or, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";

/**
 * Matches rows of which one column holds `text` anywhere, whatever the case of ASCII letters. Not
 * LIKE, whose patterns D1 holds to 50 bytes: https://developers.cloudflare.com/d1/platform/limits/
 */
export function containsText(columns: readonly SQLiteColumn[], text: string): SQL | undefined {
  return or(...columns.map((column) => sql`instr(lower(${column}), lower(${text})) > 0`));
}
