import { extname } from "node:path";
import { datasets, type DatasetView } from "@linnet/sdk";
import { UsageError } from "./exit-codes.ts";

type Format = DatasetView["format"];

export const FORMATS = Object.keys(datasets.EXTENSIONS) as Format[];

/** The format that a file's name speaks of. */
export function formatOf(file: string): Format {
  const extension = extname(file).slice(1).toLowerCase();
  const format = FORMATS.find((one) => datasets.EXTENSIONS[one].includes(extension));
  if (format) return format;
  throw new UsageError(
    `'${file}' does not say its format: add --format, one of ${FORMATS.join(", ")}`,
  );
}

/** With which ending a download is named. */
export const endingOf = (format: Format): string => `.${datasets.EXTENSIONS[format][0]}`;
