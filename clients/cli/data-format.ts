import { extname } from "node:path";
import { datasets, type DatasetView } from "@linnet/sdk";
import { UsageError } from "./exit-codes.ts";

type Format = DatasetView["format"];

export const FORMATS = Object.keys(datasets.EXTENSIONS) as Format[];

/** The format that a file's name speaks of, if it does. */
export function formatByName(file: string): Format | undefined {
  const extension = extname(file).slice(1).toLowerCase();
  return FORMATS.find((one) => datasets.EXTENSIONS[one].includes(extension));
}

/** The format of a file that is the first of its dataset. */
export function formatOf(file: string): Format {
  const format = formatByName(file);
  if (format) return format;
  throw new UsageError(
    `'${file}' does not say its format: add --format, one of ${FORMATS.join(", ")}`,
  );
}

/** With which ending a download is named. */
export const endingOf = (format: Format): string => `.${datasets.EXTENSIONS[format][0]}`;
