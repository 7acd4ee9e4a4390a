import { type CallOptions, COMPUTE_TIMEOUT_MS, type Linnet } from "./client.ts";
import { eachItem, type PageQuery } from "./page.ts";
import { path } from "./path.ts";
import type {
  Comparison,
  CreateLink,
  DatasetTags,
  DatasetVersionDetails,
  DatasetVersionView,
  LinkView,
  Page,
  Removal,
} from "./wire.ts";

/** Which version: a number, an id, a tag, or `head`; with `head` also when. */
export type VersionRef = string | number;
export type AsOf = {
  /** What was the head at this time, as RFC 3339 has it. */
  as_of?: string | undefined;
};

/** A page of versions, newest first. */
export const listVersions = (
  client: Linnet,
  dataset: string,
  query?: PageQuery,
  options?: CallOptions,
): Promise<Page<DatasetVersionView>> =>
  client.call(
    {
      method: "GET",
      path: path`/v1/datasets/${dataset}/versions`,
      query: { ...query },
      repeatable: true,
    },
    options,
  );

export const allVersions = (
  client: Linnet,
  dataset: string,
  query?: PageQuery,
  options?: CallOptions,
): AsyncIterable<DatasetVersionView> =>
  eachItem((cursor) => listVersions(client, dataset, { ...query, cursor }, options), query?.cursor);

/** A version with its schema, its warnings and what uses it. */
export const getVersion = (
  client: Linnet,
  dataset: string,
  version: VersionRef,
  query: AsOf = {},
  options?: CallOptions,
): Promise<DatasetVersionDetails> =>
  client.call(
    {
      method: "GET",
      path: path`/v1/datasets/${dataset}/versions/${version}`,
      query,
      repeatable: true,
    },
    options,
  );

/** Deletes a version; refused with `dataset_version_in_use` while something uses it. */
export const removeVersion = (
  client: Linnet,
  dataset: string,
  version: VersionRef,
  { dryRun, ...options }: CallOptions & { dryRun?: boolean | undefined } = {},
): Promise<Removal> =>
  client.call(
    {
      method: "DELETE",
      path: path`/v1/datasets/${dataset}/versions/${version}`,
      query: { dry_run: dryRun },
      repeatable: true,
    },
    options,
  );

/** A pinned version is kept whatever the rules of retention say. */
export const pin = (
  client: Linnet,
  dataset: string,
  version: VersionRef,
  options?: CallOptions,
): Promise<DatasetVersionView> =>
  client.call(
    {
      method: "PUT",
      path: path`/v1/datasets/${dataset}/versions/${version}/pin`,
      repeatable: true,
    },
    options,
  );

export const unpin = (
  client: Linnet,
  dataset: string,
  version: VersionRef,
  options?: CallOptions,
): Promise<DatasetVersionView> =>
  client.call(
    {
      method: "DELETE",
      path: path`/v1/datasets/${dataset}/versions/${version}/pin`,
      repeatable: true,
    },
    options,
  );

export const listTags = (
  client: Linnet,
  dataset: string,
  options?: CallOptions,
): Promise<DatasetTags> =>
  client.call(
    { method: "GET", path: path`/v1/datasets/${dataset}/tags`, repeatable: true },
    options,
  );

/** Gives a version this name, wherever it was before. */
export const putTag = (
  client: Linnet,
  dataset: string,
  tag: string,
  version: VersionRef,
  options?: CallOptions,
): Promise<DatasetVersionView> =>
  client.call(
    {
      method: "PUT",
      path: path`/v1/datasets/${dataset}/tags/${tag}`,
      json: { version: String(version) },
      repeatable: true,
    },
    options,
  );

export const removeTag = (
  client: Linnet,
  dataset: string,
  tag: string,
  options?: CallOptions,
): Promise<void> =>
  client.call(
    {
      method: "DELETE",
      path: path`/v1/datasets/${dataset}/tags/${tag}`,
      repeatable: true,
      absentIsDone: true,
    },
    options,
  );

export type CompareQuery = {
  from: VersionRef;
  /** `head`. */
  to?: VersionRef | undefined;
  /** Columns by which rows are told apart, separated by commas; the schema's primary key. */
  key?: string | undefined;
  /** Rows of each kind that are shown, at most; 10. */
  samples?: number | undefined;
};

/** What differs between two versions: columns, statistics, and rows by their key. */
export const compare = (
  client: Linnet,
  dataset: string,
  query: CompareQuery,
  options?: CallOptions,
): Promise<Comparison> =>
  client.call(
    {
      method: "GET",
      path: path`/v1/datasets/${dataset}/compare`,
      query: { ...query },
      repeatable: true,
    },
    { ...options, timeoutMs: options?.timeoutMs ?? COMPUTE_TIMEOUT_MS },
  );

/** A URL that downloads the version without a key until it expires. */
export const createLink = (
  client: Linnet,
  dataset: string,
  version: VersionRef,
  { as_of, ...json }: CreateLink & AsOf = {},
  options?: CallOptions,
): Promise<LinkView> =>
  client.call(
    {
      method: "POST",
      path: path`/v1/datasets/${dataset}/versions/${version}/links`,
      query: { as_of },
      json,
      // A second link opens no more than the first.
      repeatable: true,
    },
    options,
  );
