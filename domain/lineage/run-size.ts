/** In characters of JSON; a run is one value of its actor, and a hundred of them one answer. */
export const LONGEST_PARAMETERS = 20_000;
export const LONGEST_METRICS = 100_000;
export const MOST_METRICS = 1_000;

type Values = { [name: string]: unknown };
export type RunExcess = { field: "parameters" | "metrics"; expected: string; found: string };

/** What of these is more than a run may hold; null where nothing is. */
export function excessOf(values: {
  parameters?: Values | undefined;
  metrics?: Values | undefined;
}): RunExcess | null {
  const { parameters = {}, metrics = {} } = values;
  const count = Object.keys(metrics).length;
  if (count > MOST_METRICS)
    return { field: "metrics", expected: `${MOST_METRICS} metrics`, found: String(count) };
  return (
    tooLong("metrics", metrics, LONGEST_METRICS) ??
    tooLong("parameters", parameters, LONGEST_PARAMETERS)
  );
}

function tooLong(field: RunExcess["field"], values: Values, most: number): RunExcess | null {
  const { length } = JSON.stringify(values);
  return length > most
    ? { field, expected: `${most} characters of ${field} as JSON`, found: String(length) }
    : null;
}
