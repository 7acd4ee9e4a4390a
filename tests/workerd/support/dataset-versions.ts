import { env } from "cloudflare:workers";
import type { CommittedVersion, NewDatasetVersion } from "../../../contract/dataset-record.ts";
import { insertDataset } from "../../../database/datasets.ts";
import { openDirectory } from "../../../database/directory.ts";
import { newId } from "../../../workers/api/http/ids.ts";
import { granted } from "./granted.ts";

/** A dataset of which nobody reads the bytes: they are said to lie in a pack that R2 does not have. */
export async function newDataset(owner_id: string, name: string) {
  const id = newId("dat");
  const at = Date.now();
  const named = { owner_id, name, format: "csv" as const, compatibility: "none" as const };
  await insertDataset(
    openDirectory(env.DB),
    {
      ...named,
      id,
      description: "",
      retention: null,
      archived_at: null,
      head_id: null,
      head_number: null,
      row_count: null,
      size_bytes: null,
      versions: 0,
      stored_bytes: 0,
      created_at: at,
      updated_at: at,
    },
    [],
  );
  const open = () => env.DATASET.getByName(id);
  const kept = { read_options: {}, schema: null, retention: null, created_at: at };
  await granted(open().create({ ...named, ...kept, dataset_id: id }));
  return { id, open, add: (terms?: Partial<NewDatasetVersion>) => addVersion(id, terms) };
}

/** Another version, of content that no other has; answers with its id. */
async function addVersion(
  dataset_id: string,
  terms: Partial<NewDatasetVersion> = {},
): Promise<string> {
  const open = () => env.DATASET.getByName(dataset_id);
  const upload_id = newId("upl");
  const sha256 = [...crypto.getRandomValues(new Uint8Array(32))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  const begun = {
    size_bytes: 4,
    read_options: {},
    parent_version_ids: [],
    transformation: null,
    message: "",
    tags: [],
    created_by: "key_1",
    ...terms,
  };
  await granted(open().beginUpload(upload_id, begun));
  const chunk = { sha256, length: 4 };
  const fields = [{ name: "x", type: "float32" as const, nullable: true }];
  const file = {
    recipe: [chunk],
    packs: [{ key: `datasets/${dataset_id}/${upload_id}/0`, size_bytes: 4, chunks: [chunk] }],
    size_bytes: 4,
    content_hash: sha256,
    inspection: { schema: { fields }, row_count: 1, columns: [], warnings: [] },
  };
  const made = await granted<CommittedVersion>(open().commitFile(upload_id, file));
  return made.version.version_id;
}
