import type { Field } from "../../schema.ts";
import type { Inputs } from "../operation.ts";
import { numbered } from "./batches.ts";
import { faulting, type SqlValue } from "./database.ts";

const ROWS_A_STATEMENT = 50;

/**
 * The quantiles of columns of numbers, exactly: between the two values next to place (n - 1) q of
 * the sorted ones, linearly. What has no value, NaN and infinities do not count; without values
 * they are 0.
 */
export async function quantilesOf(
  { sources: [source], database: plain }: Inputs,
  columns: readonly Field[],
  shares: readonly number[],
): Promise<number[][]> {
  if (!source) throw new RangeError("quantiles without a source");
  const database = faulting(plain);
  database.run("DROP TABLE IF EXISTS number");
  // The columns lie below each other, so that their number is not that of a table's columns.
  database.run("CREATE TABLE number (place INTEGER, value REAL)");
  for await (const { batch } of numbered(
    source,
    columns.map(({ name }) => name),
  )) {
    const values: SqlValue[] = [];
    for (const [place, cells] of batch.columns.entries())
      for (const cell of cells)
        if (cell !== null && Number.isFinite(Number(cell))) values.push(place, Number(cell));
    database.together(() => {
      for (let from = 0; from < values.length; from += 2 * ROWS_A_STATEMENT) {
        const some = values.slice(from, from + 2 * ROWS_A_STATEMENT);
        const rows = Array.from({ length: some.length / 2 }, () => "(?, ?)").join(", ");
        database.run(`INSERT INTO number VALUES ${rows}`, ...some);
      }
    });
  }
  database.run("CREATE INDEX number_order ON number (place, value)");
  const found = columns.map((_, place) => {
    const [[count] = [0]] = [
      ...database.rows("SELECT count(*) FROM number WHERE place = ?", place),
    ];
    const at = (rank: number): number => {
      const [[value] = [0]] = [
        ...database.rows(
          "SELECT value FROM number WHERE place = ? ORDER BY value LIMIT 1 OFFSET ?",
          place,
          rank,
        ),
      ];
      return Number(value);
    };
    return shares.map((share) => {
      if (Number(count) === 0) return 0;
      const rank = (Number(count) - 1) * share;
      const [low, high] = [at(Math.floor(rank)), at(Math.ceil(rank))];
      return low + (high - low) * (rank - Math.floor(rank));
    });
  });
  database.run("DROP TABLE number");
  return found;
}
