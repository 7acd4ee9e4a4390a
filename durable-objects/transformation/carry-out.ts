import type {
  CommittedVersion,
  DatasetRefusal,
  IngestedFile,
  StoredFile,
} from "../../contract/dataset-record.ts";
import { packPrefix } from "../../contract/dataset-record.ts";
import type { DataError, FileWriter, RowCursor } from "../../contract/dataset-work.ts";
import type {
  MadeVersion,
  TransformationDefinition,
  TransformationError,
  TransformationSource,
  TransformationTarget,
} from "../../contract/transformation-work.ts";
import { DatasetFault } from "../../domain/datasets/dataset-fault.ts";
import { EXACT_FORMATS } from "../../domain/datasets/formats/format-names.ts";
import type { Schema } from "../../domain/datasets/schema.ts";
import type { Batch, Format } from "../../domain/datasets/table.ts";
import {
  checkTransformation,
  ENGINE_VERSION,
  fitted,
} from "../../domain/datasets/transformations/check-transformation.ts";
import { codeHash } from "../../domain/datasets/transformations/code-hash.ts";
import {
  type Database,
  dropTables,
} from "../../domain/datasets/transformations/engine/database.ts";
import type { Operation, Source } from "../../domain/datasets/transformations/operation.ts";
import { outputWarnings } from "../../domain/datasets/transformations/output-warnings.ts";
import type { JsonObject } from "../../domain/datasets/transformations/parameters.ts";
import { runTransformation } from "../../domain/datasets/transformations/run-transformation.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { callActor } from "../shared/call-actor.ts";
import { sha256 } from "../shared/sha256.ts";

export type KnownSource = Extract<TransformationSource, { version_id: string }>;
/** A transformation whose sources are all there. */
export type ReadyDefinition = Omit<TransformationDefinition, "sources"> & {
  sources: KnownSource[];
};

/** What the work is told to, and asks. */
export type Watch = {
  /** False where nobody wants the result any more. */
  isOn(): boolean;
  read(rows: number): void;
  wrote(rows: number): void;
  fitted(parameters: object, code_hash: string): void;
  made(version: MadeVersion): void;
};

/** Thrown through the pure code, which knows nothing of Workers that fail. */
class Stopped extends Error {
  readonly reason: TransformationError | "unwanted";

  constructor(reason: TransformationError | "unwanted") {
    super("the transformation stops");
    this.reason = reason;
  }
}

/**
 * Carries the transformation out from its beginning. Outputs are written one after the other, since
 * each that is written takes some 30 MB of the data Worker; each is a pass over the sources. Doing it
 * again makes the same versions, and `null` says that nobody wanted them any more.
 */
export async function carryOut(
  env: Env,
  database: Database,
  definition: ReadyDefinition,
  watch: Watch,
): Promise<Result<null, TransformationError> | null> {
  try {
    dropTables(database);
    const sources = await Promise.all(definition.sources.map((one) => openSource(env, one, watch)));
    const checked = checkTransformation(
      definition.transformation_type,
      definition.parameters as JsonObject,
      sources.map(({ schema }) => schema),
    );
    const operation = await fitted(checked, { sources, database });
    const code_hash = await codeHash(operation, ENGINE_VERSION, sha256);
    watch.fitted(operation.parameters, code_hash);
    for (const target of definition.targets) {
      if (!watch.isOn()) return null;
      watch.made(
        await makeVersion(env, {
          definition,
          operation,
          code_hash,
          target,
          sources,
          database,
          watch,
        }),
      );
    }
    return ok(null);
  } catch (error) {
    if (error instanceof DatasetFault) return fail({ code: "data", problem: error.problem });
    if (!(error instanceof Stopped)) throw error;
    return error.reason === "unwanted" ? null : fail(error.reason);
  } finally {
    dropTables(database);
  }
}

/** A version as a source: each reading of it is a cursor of its own. */
async function openSource(
  env: Env,
  { dataset_id, version_id }: KnownSource,
  watch: Watch,
): Promise<Source> {
  const { file } = granted(
    dataset_id,
    await callActor(
      () => env.DATASET.getByName(dataset_id),
      (dataset) => dataset.stored({ version_id }),
    ),
  );
  using opened = await env.DATA.openRows(file, { limit: 0 });
  const cursor = worked(opened as Result<RowCursor, DataError>);
  return {
    schema: await cursor.schema(),
    batches: (columns) => batchesOf(env, file, columns, watch),
  };
}

async function* batchesOf(
  env: Env,
  file: StoredFile,
  columns: readonly string[] | undefined,
  watch: Watch,
): AsyncIterable<Batch> {
  using opened = await env.DATA.openRows(file, columns ? { columns } : {});
  const cursor = worked(opened as Result<RowCursor, DataError>);
  for (;;) {
    // Batches come without a pause where everything is one process; so others are heard in between.
    await scheduler.wait(0);
    if (!watch.isOn()) throw new Stopped("unwanted");
    const batch = worked(await cursor.next());
    if (batch === null) return;
    watch.read(batch.rows);
    yield batch;
  }
}

type Making = {
  definition: ReadyDefinition;
  operation: Operation;
  code_hash: string;
  target: TransformationTarget;
  sources: Source[];
  database: Database;
  watch: Watch;
};
/** The columns of an output, and what file they are written to. */
type Output = { schema: Schema; format: Format };

/** Writes one output, and commits it. One that an earlier attempt has committed is looked up. */
async function makeVersion(env: Env, making: Making): Promise<MadeVersion> {
  const { operation, target } = making;
  const schema = operation.outputs?.find(({ name }) => name === target.output)?.schema;
  if (!schema)
    throw new DatasetFault(
      "transformation_invalid",
      `outputs: the transformation has no output '${target.output ?? ""}'`,
      { field: "outputs" },
    );
  const dataset = env.DATASET.getByName(target.dataset_id);
  const { format } = granted(target.dataset_id, await dataset.describe());
  const output = { schema, format };
  if (target.expected_content_hash !== null) {
    const { content_hash, inspection } = await writeOutput(env, making, output);
    return comparedTo(target, content_hash, inspection.row_count);
  }
  const known = await beginUpload(env, making, output);
  if (known) return madeOf(target, known);
  const file = warned(making, await writeOutput(env, making, output));
  const committed = await callActor(
    () => env.DATASET.getByName(target.dataset_id),
    (dataset) => dataset.commitFile(target.upload_id, file),
  );
  return madeOf(target, granted(target.dataset_id, committed));
}

/** The version that the upload has become already, if it has. */
async function beginUpload(
  env: Env,
  { definition, operation, code_hash, target }: Making,
  { schema, format }: Output,
): Promise<CommittedVersion | null> {
  const source_version_ids = definition.sources.map(({ version_id }) => version_id);
  const begun = await callActor(
    () => env.DATASET.getByName(target.dataset_id),
    (dataset) =>
      dataset.beginUpload(target.upload_id, {
        size_bytes: null,
        read_options: {},
        parent_version_ids: [...new Set(source_version_ids)],
        transformation: {
          transformation_id: definition.transformation_id,
          transformation_type: definition.transformation_type,
          source_version_ids,
          parameters: operation.parameters,
          output: target.output,
          code_hash,
          executable: true,
          executed_at: definition.created_at,
        },
        message: target.message,
        tags: target.tags,
        // In the other formats names and types change, and what became of them is known at the end.
        schema: EXACT_FORMATS.includes(format) ? schema : undefined,
        created_by: definition.created_by,
      }),
  );
  const { result, refusal } = granted(target.dataset_id, begun);
  if (refusal) throw new Stopped({ code: "dataset", dataset_id: target.dataset_id, refusal });
  return result;
}

async function writeOutput(
  env: Env,
  { operation, target, sources, database, watch }: Making,
  { schema, format }: Output,
): Promise<IngestedFile> {
  const { dataset_id, upload_id, output, expected_content_hash } = target;
  const dataset = env.DATASET.getByName(dataset_id);
  const task = { prefix: packPrefix(dataset_id, upload_id), format, schema };
  // What is only compared is not stored.
  const missing = async (sha256s: string[]): Promise<number[]> =>
    expected_content_hash === null ? dataset.missing(upload_id, sha256s) : [];
  using opened = await env.DATA.openWriter(task, missing);
  const writer: FileWriter = opened;
  await runTransformation(operation, {
    sources,
    database,
    push: async (name, batch) => {
      if (name !== output) return;
      // A batch of a source may become any number of these.
      await scheduler.wait(0);
      if (!watch.isOn()) throw new Stopped("unwanted");
      worked(await writer.push(batch));
      watch.wrote(batch.rows);
    },
  });
  return worked(await writer.finish());
}

/** With what people should know of it. */
function warned({ operation, target: { output } }: Making, file: IngestedFile): IngestedFile {
  const { row_count, warnings } = file.inspection;
  const own = outputWarnings(operation.type, operation.parameters, { output, row_count });
  return { ...file, inspection: { ...file.inspection, warnings: [...warnings, ...own] } };
}

const madeOf = (
  { output, dataset_id }: TransformationTarget,
  { version, created }: CommittedVersion,
): MadeVersion => ({
  output,
  dataset_id,
  version_id: version.version_id,
  version_number: version.version_number,
  content_hash: version.content_hash,
  row_count: version.row_count,
  created,
  matches: null,
});

const comparedTo = (
  { output, dataset_id, expected_content_hash }: TransformationTarget,
  content_hash: string,
  row_count: number | null,
): MadeVersion => ({
  output,
  dataset_id,
  version_id: null,
  version_number: null,
  content_hash,
  row_count,
  created: false,
  matches: content_hash === expected_content_hash,
});

function worked<T>(result: Result<T, DataError>): T {
  if (!result.ok) throw new Stopped(result.error);
  return result.value;
}

function granted<T>(dataset_id: string, result: Result<T, DatasetRefusal>): T {
  if (!result.ok) throw new Stopped({ code: "dataset", dataset_id, refusal: result.error });
  return result.value;
}
