import { canonicalJson } from "../../text/canonical-json.ts";
import { formatId } from "../../ids.ts";
import { utf8Encode } from "../../text/utf8.ts";
import type { Format, ReadOptions } from "../table.ts";
import type { TransformationRecord } from "../transformations/transformation.ts";
import type { SegmentRef, Sha256 } from "./segments.ts";

/**
 * What a version is: whatever two manifests differ in, they are two versions; who made one and when
 * is no part of it. The hashes of the segments hold all the chunks, so that whoever has the
 * manifest's hash can check every byte of the file.
 */
export type Manifest = {
  dataset_id: string;
  format: Format;
  read_options: ReadOptions;
  schema_hash: string | null;
  row_count: number | null;
  size_bytes: number;
  /** SHA-256 of the file. */
  content_hash: string;
  segments: SegmentRef[];
  /** Ids of versions, in the order given. */
  parents: string[];
  /** When and under which id it was carried out is no part of what it is. */
  transformation: TransformationRecord | null;
};

export type Identity = { manifest_sha256: string; version_id: `dsv_${string}` };

/** The bytes that are hashed and stored: canonical JSON in UTF-8, with no other member than the type has. */
export const manifestBytes = (manifest: Manifest): Uint8Array<ArrayBuffer> =>
  utf8Encode(
    canonicalJson({
      dataset_id: manifest.dataset_id,
      format: manifest.format,
      read_options: manifest.read_options,
      schema_hash: manifest.schema_hash,
      row_count: manifest.row_count,
      size_bytes: manifest.size_bytes,
      content_hash: manifest.content_hash,
      segments: manifest.segments.map(({ sha256, chunks, size_bytes }) => ({
        sha256,
        chunks,
        size_bytes,
      })),
      parents: manifest.parents,
      transformation: manifest.transformation && operationOf(manifest.transformation),
    }),
  );

const operationOf = ({
  transformation_type,
  source_version_ids,
  parameters,
  output,
  code_hash,
}: TransformationRecord) => ({
  transformation_type,
  source_version_ids,
  parameters,
  output,
  code_hash,
});

/** The SHA-256 of the manifest's bytes, and the id that its first 16 bytes make. */
export async function identify(manifest: Manifest, sha256: Sha256): Promise<Identity> {
  const hash = await sha256(manifestBytes(manifest));
  const bytes = Uint8Array.from({ length: 16 }, (_, index) =>
    Number.parseInt(hash.slice(2 * index, 2 * index + 2), 16),
  );
  return { manifest_sha256: hash, version_id: formatId("dsv", bytes) };
}
