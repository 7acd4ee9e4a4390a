import { type Call, type CallOptions, COMPUTE_TIMEOUT_MS, type Linnet } from "./client.ts";
import type { AsOf, VersionRef } from "./dataset-versions.ts";
import { path } from "./path.ts";
import type { CreateLink, PreviewView, RowsView, SignalView, StatisticsView } from "./wire.ts";

export type RowsQuery = AsOf & {
  /** The first row, from 0. */
  from?: number | undefined;
  /** 1 to 1,000 rows; 20. */
  limit?: number | undefined;
  /** Names of columns, separated by commas. */
  columns?: string | undefined;
};
export type PreviewQuery = AsOf & {
  /** The column that holds the classes. */
  by: string;
  /** 1 to 20 rows; 3. */
  per_class?: number | undefined;
};
export type SignalQuery = AsOf & {
  /** The first column that holds signals. */
  column?: string | undefined;
  /** From 0, as the channel; 0. */
  row?: number | undefined;
  channel?: number | undefined;
  /** Samples from `from` to before `to`; all. */
  from?: number | undefined;
  to?: number | undefined;
  /** No more samples than this: the lowest and the highest of each stretch; 2,000. */
  points?: number | undefined;
};
/** What a version can be exported to. */
export type ExportFormat = NonNullable<CreateLink["format"]>;

const SVG = { accept: "image/svg+xml, application/problem+json" };

/** Reading of a version, which may take a while. */
const reading = (
  [dataset, version, what]: [dataset: string, version: VersionRef, what: string],
  query: NonNullable<Call["query"]>,
): Call => ({
  method: "GET",
  path: path`/v1/datasets/${dataset}/versions/${version}/${what}`,
  query,
  repeatable: true,
});
const patient = (options?: CallOptions): CallOptions => ({
  ...options,
  timeoutMs: options?.timeoutMs ?? COMPUTE_TIMEOUT_MS,
});

/** Rows of a version as JSON. */
export const rows = (
  client: Linnet,
  dataset: string,
  version: VersionRef,
  query: RowsQuery = {},
  options?: CallOptions,
): Promise<RowsView> =>
  client.call(reading([dataset, version, "rows"], { ...query }), patient(options));

/** The first rows of each class. */
export const preview = (
  client: Linnet,
  dataset: string,
  version: VersionRef,
  query: PreviewQuery,
  options?: CallOptions,
): Promise<PreviewView> =>
  client.call(reading([dataset, version, "preview"], { ...query }), patient(options));

/** What is known of each column. */
export const statistics = (
  client: Linnet,
  dataset: string,
  version: VersionRef,
  query: AsOf = {},
  options?: CallOptions,
): Promise<StatisticsView> =>
  client.call(reading([dataset, version, "statistics"], query), patient(options));

/** The statistics as a picture, as SVG text. */
export const statisticsPicture = (
  client: Linnet,
  dataset: string,
  version: VersionRef,
  query: AsOf = {},
  options?: CallOptions,
): Promise<string> =>
  client.read(
    { ...reading([dataset, version, "statistics"], query), headers: SVG },
    patient(options),
    (response) => response.text(),
  );

/** Samples of the signal in one row, of which nothing else is read. */
export const signal = (
  client: Linnet,
  dataset: string,
  version: VersionRef,
  query: SignalQuery,
  options?: CallOptions,
): Promise<SignalView> =>
  client.call(reading([dataset, version, "signal"], { ...query }), patient(options));

/** The signal as a picture, as SVG text. */
export const signalPicture = (
  client: Linnet,
  dataset: string,
  version: VersionRef,
  query: SignalQuery,
  options?: CallOptions,
): Promise<string> =>
  client.read(
    { ...reading([dataset, version, "signal"], { ...query }), headers: SVG },
    patient(options),
    (response) => response.text(),
  );

/** A version in another format, as it comes. The timeout ends with the headers. */
export const exportAs = (
  client: Linnet,
  dataset: string,
  version: VersionRef,
  query: AsOf & { format: ExportFormat },
  options?: CallOptions,
): Promise<Response> =>
  client.read(
    {
      ...reading([dataset, version, "export"], { ...query }),
      headers: { accept: "application/octet-stream, application/problem+json" },
    },
    patient(options),
    (response) => response,
  );
