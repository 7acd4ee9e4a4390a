import { openAsBlob } from "node:fs";
import { createClient, datasets } from "../../../clients/sdk/index.ts";

/** What the client's process is started with. */
export type PushTask = {
  url: string;
  key: string;
  dataset: string;
  file: string;
  uploadId?: string;
  packsAtOnce?: number;
};
/** What it tells: the upload, how far it is, and in the end the version. */
export type PushReport =
  | { upload: string }
  | { progress: datasets.DatasetUploadProgress }
  | { version: datasets.PushedVersion };

const { url, key, dataset, file, uploadId, packsAtOnce } = JSON.parse(
  process.argv[2] ?? "",
) as PushTask;
const tell = (report: PushReport): void => void process.send?.(report);
const version = await datasets.upload(
  createClient({ baseUrl: url, apiKey: key }),
  dataset,
  await openAsBlob(file),
  {
    uploadId,
    packsAtOnce,
    // A platform starts slowly on a busy machine, and a benchmark never fails for a time.
    retries: 100,
    onUpload: ({ upload_id }) => tell({ upload: upload_id }),
    onProgress: (progress) => tell({ progress }),
  },
);
tell({ version });
process.disconnect();
