import { basename, resolve } from "node:path";
import { datasets, type Linnet, LinnetError } from "@linnet/sdk";
import { Option } from "commander";
import { argument, collect, type Context, type Register } from "../command.ts";
import { formatByName, FORMATS, formatOf } from "../data-format.ts";
import { counted, formatBytes } from "../format.ts";
import { UsageError } from "../exit-codes.ts";
import { openFile, progressOf } from "../transfer.ts";
import { uploadState } from "../upload-state.ts";

type PushOptions = {
  dataset: string;
  format?: (typeof FORMATS)[number];
  message?: string;
  tag?: string[];
  ifHead?: string;
  parent?: string[];
  delimiter?: string;
  header?: boolean;
  nullValue?: string[];
  samplingRate?: string;
};

/** Push: a file becomes the next version of a dataset. */
export const registerDataPush: Register = (group, wire) => {
  wire(
    group
      .command("push <file>")
      .description("upload a file as the next version of a dataset; what it has is not sent again")
      .requiredOption("--dataset <name>", "the dataset; it is created if there is none")
      .addOption(
        new Option("--format <format>", "if the file's ending does not say it").choices(FORMATS),
      )
      .option("--message <text>", "what is new in this version")
      .option("--tag <tag>", "give it this tag; may be given several times", collect)
      .option("--if-head <version>", "only if this version id is the head, or `none`")
      .option("--parent <version>", "a version id that it was made from; several times", collect)
      .option("--delimiter <character>", "of CSV; else it is guessed")
      .option("--no-header", "the first line of CSV is data")
      .option("--null-value <text>", "stands for no value in CSV; several times", collect)
      .option("--sampling-rate <hertz>", "of the signals, where the file does not say it")
      .addHelpText(
        "after",
        "\nAfter a kill or a lost connection the same command goes on.\n\nExample:\n  $ linnet data push bearings.parquet --dataset bearings --tag raw",
      ),
    async (context, command) => {
      const options = command.opts<PushOptions>();
      const { world } = context;
      const path = resolve(world.cwd, argument(command, 0));
      const { blob, modified } = await openFile(path);
      const client = await context.client();
      const dataset_created = await ensureDataset(context, client, options, path);
      const version = await send(context, client, options, { path, blob, modified }).catch(
        (error: unknown) => {
          if (dataset_created && isRefusal(error))
            context.note(`${options.dataset} is made, and has no version yet`);
          throw error;
        },
      );
      context.show({ version, dataset_created }, () => {
        const known = version.created ? "" : " has this content already, and is the head";
        const fresh = version.created ? `, ${formatBytes(version.new_bytes)} of it new` : "";
        const rows = version.row_count === null ? "" : `${counted(version.row_count, "row")}, `;
        const size = formatBytes(version.size_bytes);
        return `${version.dataset}@${version.version_number}${known}  (${rows}${size}${fresh}; ${version.version_id})`;
      });
    },
  );
};

type Opened = { path: string; blob: Blob; modified: number };

/** Sends the file, going on with what an earlier run of the same command has begun. */
async function send(
  context: Context,
  client: Linnet,
  options: PushOptions,
  { path, blob, modified }: Opened,
): Promise<datasets.PushedVersion> {
  const { world } = context;
  const { dataset } = options;
  const key = { platform: client.baseUrl, dataset, path, size: blob.size, modified };
  const state = uploadState(world, key);
  const progress = progressOf(context, basename(path), blob.size);
  const terms: datasets.DatasetUploadOptions = {
    ...termsOf(options),
    signal: world.signal,
    onUpload: ({ upload_id }) => state.write(upload_id),
    onProgress: ({ bytes_hashed, bytes_to_send, bytes_sent }) =>
      progress.update(bytes_hashed - bytes_to_send + bytes_sent),
  };
  try {
    const begun = await state.read();
    if (begun !== undefined) context.note(`going on with the upload ${begun}`);
    const version = await datasets
      .push(client, dataset, blob, { ...terms, uploadId: begun })
      .catch((error: unknown) => {
        // Nobody went on with it for a day.
        if (begun === undefined || !isCode(error, "dataset_upload_not_found")) throw error;
        return datasets.push(client, dataset, blob, terms);
      });
    await state.remove();
    return version;
  } catch (error) {
    progress.end();
    if (isRefusal(error)) await state.remove();
    else if ((await state.read()) !== undefined) context.note("the same command goes on with it");
    throw error;
  } finally {
    progress.end();
  }
}

function termsOf(options: PushOptions): datasets.DatasetUploadOptions {
  const { message, tag, ifHead, parent, delimiter, header, nullValue, samplingRate } = options;
  const read_options = {
    ...(delimiter !== undefined && { delimiter }),
    ...(header === false && { header }),
    ...(nullValue && { null_values: nullValue }),
    ...(samplingRate !== undefined && { sampling_rate_hz: Number(samplingRate) }),
  };
  return {
    message,
    tags: tag,
    if_head: ifHead,
    parent_version_ids: parent,
    ...(Object.keys(read_options).length > 0 && { read_options }),
  };
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof LinnetError && error.code === code;

/** What the platform has decided, and will again: going on with it would lead nowhere. */
const isRefusal = (error: unknown): boolean =>
  error instanceof LinnetError &&
  error.status >= 400 &&
  error.status < 500 &&
  ![401, 403, 429].includes(error.status);

/** Whether it had to be created; another who does the same at this moment is welcome. */
async function ensureDataset(
  { world: { signal } }: Context,
  client: Linnet,
  { dataset, format }: PushOptions,
  path: string,
): Promise<boolean> {
  const unless = (code: string) => (error: unknown) => {
    if (isCode(error, code)) return null;
    throw error;
  };
  const found = await datasets.get(client, dataset, { signal }).catch(unless("dataset_not_found"));
  if (found) {
    const meant = format ?? formatByName(path) ?? found.format;
    if (meant === found.format) return false;
    const advice = format ? "" : `: add --format ${found.format} if ${basename(path)} is that`;
    throw new UsageError(`the format of ${dataset} is ${found.format}, not ${meant}${advice}`);
  }
  const order = { name: dataset, format: format ?? formatOf(path) };
  const made = datasets.create(client, order, { signal });
  return (await made.catch(unless("dataset_name_taken"))) !== null;
}
