import { ExplainFault } from "../explain-fault.ts";

/** One explanation, as far as a summary of many needs it. */
export type ExplanationRow = {
  model: string;
  version: string;
  method: string;
  players: readonly string[];
  values: ArrayLike<number>;
  /** What the instance has for each player, null where that is no number; null where players are no features. */
  features: readonly (number | null)[] | null;
  prediction: number;
  base: number;
  /** `players` x `players`, as `Estimate` has them. */
  interactions?: ArrayLike<number> | undefined;
};

/** Explanations of one model by one method, a row for each. */
export type ExplanationTable = {
  readonly players: readonly string[];
  readonly rows: number;
  /** Contributions, rows x players. */
  readonly values: Float64Array;
  /** The values of the features, rows x players, NaN where one is missing; null where there are none. */
  readonly features: Float64Array | null;
  readonly predictions: Float64Array;
  readonly bases: Float64Array;
  /** rows x players x players, where every explanation has them. */
  readonly interactions: Float64Array | null;
};

/**
 * The table of explanations that can be summed up together: of one version of one model, by one
 * method, of the same players in the same order, which are finite throughout. Throws
 * `ExplainFault` (option_invalid, value_invalid) naming the first explanation that is otherwise.
 */
export function tableOf(explanations: readonly ExplanationRow[]): ExplanationTable {
  const [first] = explanations;
  if (first === undefined)
    throw new ExplainFault("option_invalid", "there are no explanations to sum up", "explanations");
  const width = first.players.length;
  const rows = explanations.length;
  const hasFeatures = explanations.every(({ features }) => features !== null);
  const hasInteractions = explanations.every(({ interactions }) => interactions !== undefined);
  const table = {
    players: first.players,
    rows,
    values: new Float64Array(rows * width),
    features: hasFeatures ? new Float64Array(rows * width).fill(Number.NaN) : null,
    predictions: Float64Array.from(explanations, ({ prediction }) => prediction),
    bases: Float64Array.from(explanations, ({ base }) => base),
    interactions: hasInteractions ? new Float64Array(rows * width * width) : null,
  };
  for (const [row, explanation] of explanations.entries()) {
    checkAlike(first, explanation, row);
    checkNumbers(explanation, width, row);
    table.values.set(explanation.values, row * width);
    for (const [player, value] of (explanation.features ?? []).entries())
      if (table.features !== null && value !== null) table.features[row * width + player] = value;
    if (explanation.interactions !== undefined)
      table.interactions?.set(explanation.interactions, row * width * width);
  }
  return table;
}

const place = (row: number): string => `explanations[${row}]`;

function checkAlike(first: ExplanationRow, other: ExplanationRow, row: number): void {
  for (const what of ["model", "version", "method"] as const)
    if (other[what] !== first[what])
      throw new ExplainFault(
        "option_invalid",
        `explanation ${row} is of ${what} '${other[what]}' and the first of '${first[what]}': sum up one ${what} at a time`,
        place(row),
      );
  const isSame =
    other.players.length === first.players.length &&
    other.players.every((name, at) => name === first.players[at]);
  if (!isSame)
    throw new ExplainFault(
      "option_invalid",
      `explanation ${row} is of other features than the first: sum up explanations of the same features in the same order`,
      place(row),
    );
}

function checkNumbers(explanation: ExplanationRow, width: number, row: number): void {
  const { values, features, interactions, prediction, base } = explanation;
  const lengths: [name: string, found: number | undefined, expected: number][] = [
    ["contributions", values.length, width],
    ["feature values", features?.length, width],
    ["interaction values", interactions?.length, width * width],
  ];
  for (const [name, found, expected] of lengths)
    if (found !== undefined && found !== expected)
      throw new ExplainFault(
        "value_invalid",
        `explanation ${row} has ${found} ${name} where ${width} features need ${expected}`,
        place(row),
      );
  const isFinite = [Array.from(values), Array.from(interactions ?? []), [prediction, base]].every(
    (numbers) => numbers.every(Number.isFinite),
  );
  if (!isFinite || features?.some((value) => value !== null && !Number.isFinite(value)))
    throw new ExplainFault(
      "value_invalid",
      `explanation ${row} has a number that is not finite: a feature that has no number is null`,
      place(row),
    );
}

/** The rows of a table for which `isWanted` holds. */
export function rowsWhere(
  table: ExplanationTable,
  isWanted: (row: number) => boolean,
): ExplanationTable {
  const kept = Array.from({ length: table.rows }, (_, row) => row).filter(isWanted);
  const width = table.players.length;
  const taken = (numbers: Float64Array, size: number): Float64Array => {
    const found = new Float64Array(kept.length * size);
    for (const [at, row] of kept.entries())
      found.set(numbers.subarray(row * size, (row + 1) * size), at * size);
    return found;
  };
  return {
    players: table.players,
    rows: kept.length,
    values: taken(table.values, width),
    features: table.features && taken(table.features, width),
    predictions: taken(table.predictions, 1),
    bases: taken(table.bases, 1),
    interactions: table.interactions && taken(table.interactions, width * width),
  };
}
