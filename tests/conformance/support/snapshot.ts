import { readFile, writeFile } from "node:fs/promises";
import { format, resolveConfig } from "prettier";
import type { Outcome } from "./run-operator-tests.ts";

/** The names of the tests that do not pass, by what came of them and by the reason. */
export type Snapshot = {
  tests: number;
  passed: number;
  not_passed: Record<string, Record<string, string[]>>;
};

const FILE = "tests/conformance/expected.json";

export const readSnapshot = async (): Promise<Snapshot> => JSON.parse(await readFile(FILE, "utf8"));

export async function writeSnapshot(snapshot: Snapshot): Promise<void> {
  const style = await resolveConfig(FILE);
  await writeFile(FILE, await format(JSON.stringify(snapshot), { ...style, filepath: FILE }));
}

export function snapshotOf(outcomes: ReadonlyMap<string, Outcome>): Snapshot {
  const failures = [...outcomes].flatMap(([name, outcome]) =>
    outcome.kind === "passed" ? [] : [{ name, ...outcome }],
  );
  const byReason = (same: typeof failures) =>
    grouped(
      same,
      ({ reason }) => reason,
      (rows) => rows.map(({ name }) => name),
    );
  return {
    tests: outcomes.size,
    passed: outcomes.size - failures.length,
    not_passed: grouped(failures, ({ kind }) => kind, byReason),
  };
}

function grouped<Row, Summary>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  summary: (rows: Row[]) => Summary,
): Record<string, Summary> {
  const groups = [...Map.groupBy(rows, keyOf)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(groups.map(([key, group]) => [key, summary(group)]));
}
