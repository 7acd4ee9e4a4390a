import { ExplainFault } from "../explain-fault.ts";

/** The value, where it is a whole number from `least` to `most`. Throws `ExplainFault` (option_invalid). */
export function wholeOption(
  field: string,
  value: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const range =
    most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new ExplainFault(
    "option_invalid",
    `${field} is ${value}, and is to be a whole number ${range}`,
    field,
  );
}

/** The value, where it is finite, greater than 0 and at most `most`. Throws `ExplainFault` (option_invalid). */
export function positiveOption(field: string, value: number, most = Number.MAX_VALUE): number {
  if (value > 0 && value <= most) return value;
  const limit = most === Number.MAX_VALUE ? "" : ` and at most ${most}`;
  throw new ExplainFault(
    "option_invalid",
    `${field} is ${value}, and is to be a number greater than 0${limit}`,
    field,
  );
}

/** What the table has under the name. Throws `ExplainFault` (option_invalid) that lists the names it has. */
export function namedOption<Named>(
  field: string,
  table: Readonly<Record<string, Named>>,
  name: string,
): Named {
  const named = Object.hasOwn(table, name) ? table[name] : undefined;
  if (named !== undefined) return named;
  throw new ExplainFault(
    "option_invalid",
    `${field} is '${name}', and is to be one of ${Object.keys(table).join(", ")}`,
    field,
  );
}
