import { identify, type Manifest } from "../../domain/datasets/chunks/manifest.ts";
import { type Segment, segmentsOf } from "../../domain/datasets/chunks/segments.ts";
import { schemaHash } from "../../domain/datasets/schema-rules/schema-hash.ts";
import type { TransformationRecord } from "../../domain/datasets/transformations/transformation.ts";
import { sha256 } from "../shared/sha256.ts";
import type { DatasetStore } from "./dataset-store.ts";
import type { ReadFile, Upload, UploadStore } from "./upload-store.ts";

export type Identified = {
  manifest: Manifest;
  manifest_sha256: string;
  version_id: string;
  segments: Segment[];
};

/** What a version of this file would be, and its name. */
export async function identifyVersion(
  { store, uploads }: { store: DatasetStore; uploads: UploadStore },
  { id, terms }: Upload,
  { inspection, size_bytes, content_hash }: ReadFile,
): Promise<Identified> {
  const state = store.state();
  if (!state) throw new Error("an upload of no dataset");
  const { dataset_id, format } = state.definition;
  const { schema, row_count } = inspection;
  const segments = await segmentsOf(uploads.recipe(id), sha256);
  const manifest: Manifest = {
    dataset_id,
    format,
    read_options: terms.read_options,
    schema_hash: schema && (await schemaHash(schema, sha256)),
    row_count,
    size_bytes,
    content_hash,
    segments,
    parents: terms.parent_version_ids,
    transformation: terms.transformation as TransformationRecord | null,
  };
  return { manifest, segments, ...(await identify(manifest, sha256)) };
}
