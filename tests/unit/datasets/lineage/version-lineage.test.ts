import { describe, expect, it } from "vitest";
import { type LineageVersion, versionLineage } from "../../../../domain/lineage/version-lineage.ts";

const version: LineageVersion = {
  version_id: "dsv_c",
  dataset_id: "dat_1",
  version_number: 3,
  content_hash: "00",
  row_count: 10,
  size_bytes: 100,
  parent_version_ids: ["dsv_b"],
  transformation: null,
  created_at: 5,
};
const join = {
  transformation_id: "trn_1",
  transformation_type: "join" as const,
  source_version_ids: ["dsv_a", "dsv_b", "dsv_a"],
  parameters: { on: ["id"] },
  output: null,
  code_hash: "c0de",
  executable: true,
  executed_at: 4,
};

describe("what a version adds to the graph", () => {
  it("is itself behind what it was sent to follow", () => {
    const { nodes, edges } = versionLineage("wines", version, {
      fields: [{ name: "x", type: "float32", nullable: true }],
    });
    expect(nodes).toMatchObject([
      {
        node_id: "dsv_c",
        label: "wines@3",
        created_at: 5,
        metadata: { dataset: "wines", row_count: 10, schema: [{ name: "x", type: "float32" }] },
      },
    ]);
    expect(edges).toEqual([{ from: "dsv_b", to: "dsv_c" }]);
  });

  it("is the transformation between it and its sources, each once", () => {
    const { nodes, edges } = versionLineage("wines", { ...version, transformation: join }, null);
    expect(nodes[1]).toMatchObject({
      node_id: "trn_1",
      node_type: "transformation",
      metadata: { transformation_type: "join", code_hash: "c0de", parameters: { on: ["id"] } },
    });
    expect(edges).toEqual([
      { from: "dsv_a", to: "trn_1" },
      { from: "dsv_b", to: "trn_1" },
      { from: "trn_1", to: "dsv_c" },
    ]);
  });

  it("has an edge from a parent that was no source", () => {
    const followed = { ...version, parent_version_ids: ["dsv_b", "dsv_z"], transformation: join };
    expect(versionLineage("wines", followed, null).edges).toContainEqual({
      from: "dsv_z",
      to: "dsv_c",
    });
  });

  it("is small, however many columns and fitted values there are", () => {
    const fields = Array.from({ length: 2_000 }, (_, at) => ({
      name: `column ${at}`,
      type: "float32" as const,
      nullable: true,
    }));
    const parameters = { fitted: Array.from({ length: 5_000 }, (_, at) => at) };
    const { nodes } = versionLineage(
      "wines",
      { ...version, transformation: { ...join, parameters } },
      { fields },
    );
    for (const node of nodes) expect(JSON.stringify(node.metadata).length).toBeLessThan(4_000);
    expect(nodes[1]?.metadata).not.toHaveProperty("parameters");
  });
});
