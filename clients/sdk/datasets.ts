import type { CallOptions, Linnet } from "./client.ts";
import { eachItem, type PageQuery } from "./page.ts";
import { path } from "./path.ts";
import type {
  ChangeDataset,
  Collected,
  CreateDataset,
  DatasetView,
  Page,
  Removal,
} from "./wire.ts";

export {
  beginUpload,
  cancelUpload,
  checkEnds,
  commitUpload,
  declareChunks,
  getUpload,
  putPack,
} from "./dataset-uploads.ts";
export { LARGEST_PUT_BYTES, push, putFile, upload } from "./dataset-upload.ts";
export type {
  DatasetUploadOptions,
  DatasetUploadProgress,
  PushedVersion,
  PutOptions,
} from "./dataset-upload.ts";
export type { ByteFile, FileSource } from "./byte-file.ts";
export { download } from "./dataset-download.ts";
export type { DownloadOptions, Hash } from "./dataset-download.ts";
export { EXPORT_FORMATS, EXTENSIONS } from "../../contract/dataset-file.ts";
export * from "./dataset-versions.ts";
export * from "./dataset-rows.ts";

/** Creates a dataset, which has no version yet. */
export const create = (
  client: Linnet,
  json: CreateDataset,
  options?: CallOptions,
): Promise<DatasetView> =>
  client.call({ method: "POST", path: "/v1/datasets", json, repeatable: false }, options);

export type DatasetQuery = PageQuery & {
  /** Text in the name or description. */
  search?: string | undefined;
  format?: DatasetView["format"] | undefined;
  archived?: "true" | "false" | "all" | undefined;
  /** Those of others that your groups may see, in the place of your own. */
  shared?: boolean | undefined;
  order?: "newest" | "oldest" | "name" | undefined;
};

/** A page of your datasets, newest first. */
export const list = (
  client: Linnet,
  query?: DatasetQuery,
  options?: CallOptions,
): Promise<Page<DatasetView>> =>
  client.call(
    { method: "GET", path: "/v1/datasets", query: { ...query }, repeatable: true },
    options,
  );

export const all = (
  client: Linnet,
  query?: DatasetQuery,
  options?: CallOptions,
): AsyncIterable<DatasetView> =>
  eachItem((cursor) => list(client, { ...query, cursor }, options), query?.cursor);

/** A dataset of yours by its name, or any that you may read by its id. */
export const get = (client: Linnet, dataset: string, options?: CallOptions): Promise<DatasetView> =>
  client.call({ method: "GET", path: path`/v1/datasets/${dataset}`, repeatable: true }, options);

/** Changes what is named and leaves the rest. */
export const change = (
  client: Linnet,
  dataset: string,
  json: ChangeDataset,
  options?: CallOptions,
): Promise<DatasetView> =>
  client.call(
    { method: "PATCH", path: path`/v1/datasets/${dataset}`, json, repeatable: true },
    options,
  );

/** Gives the members of a group, by its id or name, a role; the access of others stays as it is. */
export const share = (
  client: Linnet,
  dataset: string,
  group: string,
  role: DatasetView["access_groups"][number]["role"] = "read",
  options?: CallOptions,
): Promise<DatasetView> =>
  client.call(
    {
      method: "PUT",
      path: path`/v1/datasets/${dataset}/access/${group}`,
      json: { role },
      repeatable: true,
    },
    options,
  );

/** Ends the access of a group. */
export const unshare = (
  client: Linnet,
  dataset: string,
  group: string,
  options?: CallOptions,
): Promise<DatasetView> =>
  client.call(
    {
      method: "DELETE",
      path: path`/v1/datasets/${dataset}/access/${group}`,
      repeatable: true,
    },
    options,
  );

/** An archived dataset can be read, and takes no more versions. */
export const archive = (
  client: Linnet,
  dataset: string,
  options?: CallOptions,
): Promise<DatasetView> =>
  client.call(
    { method: "POST", path: path`/v1/datasets/${dataset}/archive`, repeatable: true },
    options,
  );

export const restore = (
  client: Linnet,
  dataset: string,
  options?: CallOptions,
): Promise<DatasetView> =>
  client.call(
    { method: "POST", path: path`/v1/datasets/${dataset}/restore`, repeatable: true },
    options,
  );

type DryRun = CallOptions & {
  /** Says only what would be done. */
  dryRun?: boolean | undefined;
};

/** Deletes a dataset with all its versions; refused with `dataset_in_use` while something uses one. */
export const remove = (
  client: Linnet,
  dataset: string,
  { dryRun, ...options }: DryRun = {},
): Promise<Removal> =>
  client.call(
    {
      method: "DELETE",
      path: path`/v1/datasets/${dataset}`,
      query: { dry_run: dryRun },
      repeatable: true,
    },
    options,
  );

/** Deletes the versions that no rule of retention keeps and nothing uses. */
export const collect = (
  client: Linnet,
  dataset: string,
  { dryRun = false, ...options }: DryRun = {},
): Promise<Collected> =>
  client.call(
    {
      method: "POST",
      path: path`/v1/datasets/${dataset}/collect`,
      json: { dry_run: dryRun },
      repeatable: true,
    },
    options,
  );
