import { describe, expect, it } from "vitest";
import {
  identify,
  manifestBytes,
  type Manifest,
} from "../../../../domain/datasets/chunks/manifest.ts";
import { idPattern } from "../../../../domain/ids.ts";
import { sha256 } from "./sha256.ts";

const MANIFEST: Manifest = {
  dataset_id: "dat_00000000000000000000000000",
  format: "csv",
  read_options: { header: true, delimiter: ";" },
  schema_hash: "5c".repeat(32),
  row_count: 150,
  size_bytes: 4_551,
  content_hash: "c0".repeat(32),
  segments: [{ sha256: "5e".repeat(32), chunks: 1, size_bytes: 4_551 }],
  parents: ["dsv_00000000000000000000000001", "dsv_00000000000000000000000000"],
  transformation: null,
};
const text = (manifest: Manifest): string => Buffer.from(manifestBytes(manifest)).toString();

describe("a manifest", () => {
  it("is canonical JSON of its members", () => {
    expect(text(MANIFEST)).toBe(
      `{"content_hash":"${"c0".repeat(32)}","dataset_id":"dat_00000000000000000000000000","format":"csv","parents":["dsv_00000000000000000000000001","dsv_00000000000000000000000000"],"read_options":{"delimiter":";","header":true},"row_count":150,"schema_hash":"${"5c".repeat(32)}","segments":[{"chunks":1,"sha256":"${"5e".repeat(32)}","size_bytes":4551}],"size_bytes":4551,"transformation":null}`,
    );
  });

  it("has an identity that never changes, and an id of its first 128 bits", async () => {
    const { manifest_sha256, version_id } = await identify(MANIFEST, sha256);
    expect(manifest_sha256).toBe(await sha256(manifestBytes(MANIFEST)));
    expect({ manifest_sha256, version_id }).toEqual({
      manifest_sha256: "e489d4d01b40d74fc53bcd36186b7cca01afd9d198e3b418def3983c601141c6",
      version_id: "dsv_74h7ad06t0tx7waeyd6rc6pz6a",
    });
    expect(version_id).toMatch(idPattern("dsv"));
  });

  it("is another where any member is another", async () => {
    const others: Manifest[] = [
      { ...MANIFEST, dataset_id: "dat_00000000000000000000000001" },
      { ...MANIFEST, format: "json" },
      { ...MANIFEST, read_options: {} },
      { ...MANIFEST, schema_hash: null },
      { ...MANIFEST, row_count: null },
      { ...MANIFEST, size_bytes: 4_552 },
      { ...MANIFEST, content_hash: "c1".repeat(32) },
      { ...MANIFEST, segments: [] },
      { ...MANIFEST, parents: MANIFEST.parents.toReversed() },
      {
        ...MANIFEST,
        transformation: {
          transformation_id: "trn_00000000000000000000000000",
          transformation_type: "filter",
          source_version_ids: [],
          parameters: {},
          output: null,
          code_hash: null,
          executable: true,
          executed_at: 0,
        },
      },
    ];
    const ids = [MANIFEST, ...others].map(async (manifest) => {
      const { version_id } = await identify(manifest, sha256);
      return version_id;
    });
    expect(new Set(await Promise.all(ids)).size).toBe(others.length + 1);
  });

  it("does not hold what else its maker keeps beside its members", () => {
    const segments = MANIFEST.segments.map((segment) => ({ ...segment, bytes: "many" }));
    const kept = { ...MANIFEST, segments, message: "mine" };
    expect(text(kept)).toBe(text(MANIFEST));
  });
});
