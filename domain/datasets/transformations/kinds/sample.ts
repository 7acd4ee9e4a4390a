import { unitPosition } from "../../../experiments/unit-position.ts";
import { apportion } from "../../../experiments/apportion.ts";
import type { Field } from "../../schema.ts";
import { numbered, pick } from "../engine/batches.ts";
import { type Database, faulting } from "../engine/database.ts";
import { OperandTable } from "../engine/operand-table.ts";
import { columnsOf, type Key, keyReader } from "../engine/row-key.ts";
import type { Kind, Source } from "../operation.ts";
import { Parameters, refuse } from "../parameters.ts";
import { onlySource } from "./sources.ts";

const MOST_ROWS = 2 ** 40;

/**
 * `n` rows or a `fraction` of them, in the order of the source: those whose keys hash lowest under
 * the `seed`. With `stratify_by`, every combination of values of these columns has its share of
 * them, to within one row. `key`: columns that name a row, so that its place in the file does not
 * matter; the primary key, or else the row's number.
 */
export const sample: Kind = (json, sources) => {
  const source = onlySource(sources);
  const parameters = new Parameters(json);
  const seed = parameters.seed();
  const strata = parameters.columns("stratify_by", source, []);
  const key = readKey(parameters, source.primary_key, source.fields);
  if (parameters.has("n") === parameters.has("fraction"))
    refuse("parameters", "a sample has either n, a number of rows, or a fraction of them");
  const n = parameters.has("n") ? parameters.integer("n", [1, MOST_ROWS]) : null;
  const fraction = parameters.has("fraction") ? parameters.number("fraction", [0, 1]) : null;
  parameters.end();
  return {
    parameters: {
      n,
      fraction,
      seed,
      stratify_by: strata.map(({ name }) => name),
      key: key?.map(({ name }) => name) ?? null,
    },
    outputs: [{ name: null, schema: source }],
    fit: null,
    async run({ sources: [rows], database: plain, push }) {
      if (!rows) throw new RangeError("a sample without a source");
      const database = faulting(plain);
      await loadHashes(database, rows, { strata, key, salt: `sample/${seed}` });
      keepLowest(database, strata.length, (total) =>
        Math.min(total, n ?? Math.round((fraction ?? 0) * total)),
      );
      for await (const { batch, first } of numbered(rows)) {
        const kept = [
          ...database.rows(
            "SELECT row FROM result WHERE row >= ? AND row < ? ORDER BY row",
            first,
            first + batch.rows,
          ),
        ];
        await push(
          null,
          pick(
            batch,
            kept.map(([row]) => Number(row) - first),
          ),
        );
      }
    },
  };
};

/** The columns that name a row: those of `key`, or the primary key. */
export function readKey(
  parameters: Parameters,
  primary: readonly string[] | undefined,
  fields: readonly Field[],
): Key {
  if (!parameters.has("key") && primary === undefined) return null;
  return parameters.columns("key", { fields: [...fields] }, [...(primary ?? [])]);
}

/** `source_0`: of each row its stratum, as `c0`…, and the hash of its key. */
export async function loadHashes(
  database: Database,
  source: Source,
  { strata, key, salt }: { strata: readonly Field[]; key: Key; salt: string },
): Promise<void> {
  const columns = columnsOf(source.schema, strata, key);
  const hash = { name: "hash", declared: "INTEGER" };
  const table = new OperandTable(database, "source_0", strata, [hash]);
  const keyOf = keyReader(key, columns);
  const places = strata.map((field) => columns.indexOf(field));
  for await (const { batch, first } of numbered(
    source,
    columns.map(({ name }) => name),
  ))
    table.add(
      places.map((place) => batch.columns[place] ?? []),
      batch.rows,
      first,
      [{ ...hash, of: (at) => unitPosition(salt, keyOf(batch.columns, at, first + at)) }],
    );
}

/** Strata in the order of their first rows, in `stratum`; how many rows each has. */
export function countStrata(database: Database, strata: number): number[] {
  const columns = Array.from({ length: strata }, (_, at) => `c${at}`).join(", ");
  database.run("DROP TABLE IF EXISTS stratum");
  database.run("CREATE TABLE stratum (first INTEGER PRIMARY KEY, rows INTEGER, wanted INTEGER)");
  database.run(
    `INSERT INTO stratum SELECT min(row), count(*), 0 FROM source_0 ${columns && `GROUP BY ${columns}`} HAVING count(*) > 0 ORDER BY 1`,
  );
  return [...database.rows("SELECT rows FROM stratum ORDER BY first")].map(([rows]) =>
    Number(rows),
  );
}

/** `result`: the rows of lowest hash of each stratum, as many as are its share of what is wanted of all. */
function keepLowest(database: Database, strata: number, wantedOf: (total: number) => number): void {
  const counts = countStrata(database, strata);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const wanted = total === 0 ? [] : apportion(wantedOf(total), counts);
  const firsts = [...database.rows("SELECT first FROM stratum ORDER BY first")];
  database.together(() => {
    for (const [at, [first]] of firsts.entries())
      database.run("UPDATE stratum SET wanted = ? WHERE first = ?", wanted[at] ?? 0, first ?? 0);
  });
  const columns = Array.from({ length: strata }, (_, at) => `c${at}`).join(", ");
  const partition = columns && `PARTITION BY ${columns}`;
  database.run("DROP TABLE IF EXISTS result");
  database.run("CREATE TABLE result (row INTEGER PRIMARY KEY)");
  database.run(
    `INSERT INTO result SELECT row FROM (
      SELECT row, min(row) OVER (${partition}) AS first,
        row_number() OVER (${partition} ORDER BY hash, row) AS place FROM source_0
    ) JOIN stratum USING (first) WHERE place <= wanted ORDER BY row`,
  );
}
