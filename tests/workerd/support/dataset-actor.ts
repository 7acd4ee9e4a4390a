import { env } from "cloudflare:workers";
import {
  type DatasetDefinition,
  type DatasetVersionSelector,
  type IngestedFile,
  type NewDatasetVersion,
  packPrefix,
} from "../../../contract/dataset-record.ts";
import { insertDataset } from "../../../database/datasets.ts";
import { openDirectory } from "../../../database/directory.ts";
import { insertUser } from "../../../database/users.ts";
import type { Result } from "../../../domain/result.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import { valueOf } from "./granted.ts";
import { serialId } from "./serial-id.ts";

const TERMS: NewDatasetVersion = {
  size_bytes: null,
  read_options: {},
  parent_version_ids: [],
  transformation: null,
  message: "",
  tags: [],
  created_by: "key_writer",
};

/** A dataset of a new user in the directory, and ways to add to it and to read it. */
export async function createDataset(change: Partial<DatasetDefinition> = {}) {
  const dataset_id = serialId("dat");
  const owner_id = serialId("usr");
  const directory = openDirectory(env.DB);
  await insertUser(directory, { id: owner_id, name: "owner", created_at: 0 });
  const definition: DatasetDefinition = {
    dataset_id,
    owner_id,
    name: dataset_id,
    format: "csv",
    compatibility: "backward",
    read_options: {},
    schema: null,
    retention: null,
    created_at: 0,
    ...change,
  };
  const { schema: _schema, dataset_id: _id, read_options: _options, ...listed } = definition;
  const standing = { head_id: null, head_number: null, row_count: null, size_bytes: null };
  await insertDataset(
    directory,
    {
      ...listed,
      ...standing,
      id: dataset_id,
      description: "",
      archived_at: null,
      versions: 0,
      stored_bytes: 0,
      updated_at: 0,
    },
    [],
  );
  const dataset = env.DATASET.getByName(dataset_id);
  valueOf(await dataset.create(definition));

  /** Stores what the dataset has not, as the route of an upload does. */
  const ingest = async (uploadId: string, text: string): Promise<IngestedFile> => {
    const bytes = new TextEncoder().encode(text);
    const task = {
      prefix: packPrefix(dataset_id, uploadId),
      format: definition.format,
      read_options: {},
      size_bytes: bytes.length,
      follows: null,
    };
    const body = new Response(bytes).body ?? new ReadableStream<Uint8Array>();
    const done: Result<IngestedFile, unknown> = await env.DATA.ingest(body, task, (sha256s) =>
      dataset.missing(uploadId, sha256s),
    );
    return valueOf(done);
  };
  const begin = (uploadId: string, terms: Partial<NewDatasetVersion> = {}) =>
    dataset.beginUpload(uploadId, { ...TERMS, ...terms });
  /** The whole way of a file; the answer is the actor's. */
  const push = async (text: string, terms: Partial<NewDatasetVersion> = {}) => {
    const uploadId = serialId("upl");
    const begun = await begin(uploadId, terms);
    if (!begun.ok) return begun;
    return dataset.commitFile(uploadId, await ingest(uploadId, text));
  };
  const added = async (text: string, terms: Partial<NewDatasetVersion> = {}) =>
    valueOf(await push(text, terms)).version;
  const read = async (selector: DatasetVersionSelector) => {
    const { file } = valueOf(await dataset.stored(selector));
    return new Response(await env.DATA.read(file, 0, file.size_bytes)).text();
  };
  return { dataset, dataset_id, owner_id, definition, begin, ingest, push, added, read };
}
export type CreatedDataset = Awaited<ReturnType<typeof createDataset>>;

/** A table of some hundred kilobytes that differs from others in the blocks that it is named by. */
export function tableOf(blocks: string): string {
  const lines = blocks.split("").map((block) => {
    const random = seededRandom(`block ${block}`);
    return Array.from(
      { length: 2_500 },
      (_, row) => `${block}${row},${random.uniform().toFixed(9)},${random.integer(1_000_000)}\n`,
    ).join("");
  });
  return `name,share,count\n${lines.join("")}`;
}

export const objectsOf = async (dataset_id: string): Promise<string[]> => {
  const { objects } = await env.DATASETS.list({ prefix: `datasets/${dataset_id}/` });
  return objects.map(({ key }) => key);
};
