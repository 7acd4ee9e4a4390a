import { DatasetFault } from "../../dataset-fault.ts";
import { NEWLINE, QUOTE, RETURN } from "./row-scanner.ts";

/** Throws a DatasetFault `option_invalid` for what cannot stand between cells. */
export function checkDelimiter(delimiter: string): void {
  const code = delimiter.charCodeAt(0);
  if (delimiter.length === 1 && code > 0 && code < 128 && ![QUOTE, NEWLINE, RETURN].includes(code))
    return;
  throw new DatasetFault(
    "option_invalid",
    `the delimiter is ${JSON.stringify(delimiter)}, and should be one ASCII character that is no quote and no newline`,
    { field: "delimiter" },
  );
}
