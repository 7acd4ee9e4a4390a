import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { aliases, type Linnet, LinnetError, models, versions } from "@linnet/sdk";
import { argument, type Context, type Register } from "../command.ts";
import { formatBytes } from "../format.ts";
import { parseModelRef, resolveVersion } from "../model-ref.ts";
import { openFile, progressOf } from "../transfer.ts";

type PushOptions = { model: string; description?: string; alias?: string };

/** Push and download: the commands that move bytes. */
export const registerModelFiles: Register = (group, wire) => {
  wire(
    group
      .command("push <file>")
      .description("upload an ONNX file as the next version of a model")
      .requiredOption("--model <name>", "the model; it is created if there is none")
      .option("--description <text>", "what is new in this version")
      .option("--alias <alias>", "point this alias at the version")
      .addHelpText(
        "after",
        "\nExample:\n  $ linnet models push forest.onnx --model wdbc --alias champion",
      ),
    async (context, command) => {
      const { model, description, alias } = command.opts<PushOptions>();
      const { world } = context;
      const { signal } = world;
      const { blob: file } = await openFile(resolve(world.cwd, argument(command, 0)));
      const client = await context.client();
      const model_created = await ensureModel(client, model, signal);
      const progress = progressOf(context, basename(argument(command, 0)), file.size);
      const onProgress = (sent: number) => progress.update(sent);
      const options = { description, onProgress, signal };
      const version = await versions
        .upload(client, model, file, options)
        .finally(() => progress.end());
      const moved =
        alias === undefined
          ? null
          : await aliases.move(client, model, alias, { version: version.version }, { signal });
      context.show({ version, model_created, alias: moved }, () => {
        const known = version.created ? "" : " has these bytes already";
        const pointed = moved ? `, and ${moved.alias} points at it` : "";
        const size = formatBytes(version.size_bytes);
        return `${model}@${version.version}${known}${pointed}  (${size}, sha256 ${version.sha256})`;
      });
    },
  );

  wire(
    group
      .command("download <model[@version]>")
      .description("download an ONNX file and check its SHA-256")
      .option("-o, --output <file>", "where to; '-' is standard output"),
    async (context, command) => {
      const client = await context.client();
      const { world } = context;
      const ref = parseModelRef(argument(command, 0));
      const { model, version } = await resolveVersion(client, ref, world.signal);
      const output = command.opts<{ output?: string }>().output ?? `${model}-${version}.onnx`;
      const response = await versions.download(client, model, version, { signal: world.signal });
      const path = output === "-" ? null : resolve(world.cwd, output);
      const { size_bytes, sha256 } = await save(context, response, path, `${model}@${version}`);
      if (path === null) return;
      context.show({ model, version, path, size_bytes, sha256 }, () => {
        return `${model}@${version} is in ${output}  (${formatBytes(size_bytes)}, sha256 ${sha256})`;
      });
    },
  );
};

const unless = (code: string) => (error: unknown) => {
  if (error instanceof LinnetError && error.code === code) return null;
  throw error;
};

/** Whether it had to be created; another who does the same at this moment is welcome. */
async function ensureModel(client: Linnet, name: string, signal: AbortSignal): Promise<boolean> {
  if (await models.get(client, name, { signal }).catch(unless("model_not_found"))) return false;
  const made = await models.create(client, { name }, { signal }).catch(unless("model_name_taken"));
  return made !== null;
}

/** Writes the bytes beside their place and puts them there when their hash is right. */
async function save(
  context: Context,
  response: Response,
  path: string | null,
  label: string,
): Promise<{ size_bytes: number; sha256: string }> {
  const { stdout, signal } = context.world;
  const hash = createHash("sha256");
  const total = Number(response.headers.get("content-length") ?? 0);
  const progress = progressOf(context, label, total);
  let size_bytes = 0;
  const hashed = new Transform({
    transform(chunk: Uint8Array, _, done) {
      hash.update(chunk);
      size_bytes += chunk.byteLength;
      progress.update(size_bytes);
      done(null, chunk);
    },
  });
  const bytes = response.body ?? new Blob([]).stream();
  if (path === null) {
    await pipeline(bytes, hashed, stdout, { signal, end: false }).finally(() => progress.end());
    return { size_bytes, sha256: checked(hash.digest("hex"), response) };
  }
  const draft = `${path}.${process.pid}.part`;
  try {
    await pipeline(bytes, hashed, createWriteStream(draft), { signal });
    const sha256 = checked(hash.digest("hex"), response);
    await rename(draft, path);
    return { size_bytes, sha256 };
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    progress.end();
  }
}

function checked(sha256: string, { headers }: Response): string {
  const named = headers.get("etag")?.replace(/^W\//, "").replaceAll('"', "");
  if (named === sha256 || named === undefined) return sha256;
  const detail = `the bytes are not those of the version: their sha256 is ${sha256}, not ${named}`;
  throw new LinnetError({ code: "unexpected_answer", detail, status: 200 });
}
