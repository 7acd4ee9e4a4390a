import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { datasets, type DatasetVersionDetails, type Linnet } from "@linnet/sdk";
import { Option } from "commander";
import { argument, type Context, type Register } from "../command.ts";
import { endingOf } from "../data-format.ts";
import { AS_OF, parseDataRef, readVersion } from "../data-ref.ts";
import { UsageError } from "../exit-codes.ts";
import { formatBytes } from "../format.ts";
import { progressOf } from "../transfer.ts";

/** Pull and export: a version becomes a file. */
export const registerDataPull: Register = (group, wire) => {
  wire(
    group
      .command("pull <dataset[@version]>")
      .description("download the file of a version, and check its SHA-256")
      .option(
        "-o, --output <file>",
        "where to: a file, which is replaced, a folder, or '-' for standard output",
      )
      .option(...AS_OF)
      .addHelpText("after", "\nAfter a kill or a lost connection the same command goes on."),
    async (context, command) => {
      const { output, asOf } = command.opts<{ output?: string; asOf?: string }>();
      const client = await context.client();
      const { signal, cwd } = context.world;
      const version = await readVersion(client, parseDataRef(argument(command, 0)), {
        asOf,
        signal,
      });
      if (output === "-") return pullToStdout(context, client, version);
      const file = await placeOf(cwd, output, () => nameOf(context, client, version));
      const path = resolve(cwd, file);
      const had = await pullTo(context, client, version, path);
      const { version_id, content_hash, size_bytes } = version;
      context.show({ version_id, path, size_bytes, content_hash, had }, () => {
        const size = formatBytes(size_bytes);
        const state = had ? "was" : "is";
        return `${labelOf(version)} ${state} in ${file}  (${size}, sha256 ${content_hash})`;
      });
    },
  );

  wire(
    group
      .command("export <dataset[@version]>")
      .description("download a version in another format")
      .addOption(
        new Option("--format <format>").choices(datasets.EXPORT_FORMATS).makeOptionMandatory(),
      )
      .option(
        "-o, --output <file>",
        "where to: a file, which is replaced, a folder, or '-' for standard output",
      )
      .option(...AS_OF),
    async (context, command) => {
      const { format, output, asOf } = command.opts<{
        format: datasets.ExportFormat;
        output?: string;
        asOf?: string;
      }>();
      const client = await context.client();
      const { world } = context;
      const { signal } = world;
      const version = await readVersion(client, parseDataRef(argument(command, 0)), {
        asOf,
        signal,
      });
      const { dataset_id, version_number } = version;
      const response = await datasets.exportAs(
        client,
        dataset_id,
        version_number,
        { format },
        { signal },
      );
      const body = response.body ?? new Blob([]).stream();
      if (output === "-") return pipeline(body, world.stdout, { signal, end: false });
      const named = `${version.dataset}-${version_number}${endingOf(format)}`;
      const file = await placeOf(world.cwd, output, () => named);
      const path = resolve(world.cwd, file);
      const size_bytes = await saveStream(context, body, path);
      context.show({ version_id: version.version_id, path, size_bytes }, () => {
        return `${labelOf(version)} is in ${file} as ${format}  (${formatBytes(size_bytes)})`;
      });
    },
  );
};

const labelOf = ({ dataset, version_number }: DatasetVersionDetails): string =>
  `${dataset}@${version_number}`;

/** The file that is asked for, in a folder that is asked for under the name that is given. */
async function placeOf(
  cwd: string,
  output: string | undefined,
  name: () => string | Promise<string>,
): Promise<string> {
  if (output === undefined) return name();
  const found = await stat(resolve(cwd, output)).catch(() => null);
  if (found?.isDirectory()) return join(output, await name());
  const folder = dirname(resolve(cwd, output));
  if (await stat(folder).catch(() => null)) return output;
  throw new UsageError(`there is no folder ${folder}`);
}

async function nameOf(
  { world: { signal } }: Context,
  client: Linnet,
  { dataset_id, dataset, version_number }: DatasetVersionDetails,
): Promise<string> {
  const { format } = await datasets.get(client, dataset_id, { signal });
  return `${dataset}-${version_number}${endingOf(format)}`;
}

async function pullToStdout(
  context: Context,
  client: Linnet,
  { dataset_id, version_number }: DatasetVersionDetails,
): Promise<void> {
  const { stdout, signal } = context.world;
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (!stdout.write(bytes)) await once(stdout, "drain", { signal });
  };
  const hash = createHash("sha256");
  await datasets.download(client, dataset_id, version_number, write, { hash, signal });
}

/**
 * Writes the bytes beside their place and puts them there when their hash is right; what an earlier
 * attempt has left is gone on with. True where the file was there already.
 */
async function pullTo(
  context: Context,
  client: Linnet,
  version: DatasetVersionDetails,
  path: string,
): Promise<boolean> {
  const { signal } = context.world;
  const { dataset_id, version_number, content_hash, size_bytes } = version;
  if (await isThere(path, version)) return true;
  const draft = `${path}.${content_hash.slice(0, 16)}.part`;
  const file = await open(draft, "a");
  const progress = progressOf(context, labelOf(version), size_bytes);
  try {
    await datasets.download(client, dataset_id, version_number, (bytes) => file.appendFile(bytes), {
      held: bytesOf(draft),
      hash: createHash("sha256"),
      onProgress: (received) => progress.update(received),
      signal,
    });
    await file.sync();
  } catch (error) {
    progress.end();
    const { size } = await file.stat();
    // All of it is there and it is not the file: going on with it would lead nowhere.
    if (size >= size_bytes) await rm(draft);
    else context.note("the same command goes on with it");
    throw error;
  } finally {
    progress.end();
    await file.close();
  }
  await rename(draft, path);
  return false;
}

/** Opens the file when its first byte is asked for. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  for await (const bytes of createReadStream(path)) yield bytes as Uint8Array;
}

async function isThere(
  path: string,
  { size_bytes, content_hash }: DatasetVersionDetails,
): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile() || found.size !== size_bytes) return false;
  const hash = createHash("sha256");
  for await (const bytes of bytesOf(path)) hash.update(bytes);
  return hash.digest("hex") === content_hash;
}

async function saveStream(
  { world: { signal } }: Context,
  body: ReadableStream<Uint8Array>,
  path: string,
): Promise<number> {
  const draft = `${path}.${process.pid}.part`;
  try {
    const file = await open(draft, "w");
    await pipeline(body, file.createWriteStream(), { signal });
    const { size } = await stat(draft);
    await rename(draft, path);
    return size;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
