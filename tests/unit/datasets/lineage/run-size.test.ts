import { describe, expect, it } from "vitest";
import { versionLineage } from "../../../../domain/lineage/version-lineage.ts";
import {
  excessOf,
  LONGEST_METRICS,
  LONGEST_PARAMETERS,
  MOST_METRICS,
} from "../../../../domain/lineage/run-size.ts";

const metrics = (count: number, length = 1) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, at) => [String(at).padStart(length, "m"), 1] as const),
  );

describe("a run holds", () => {
  it("as many metrics and characters as it may, and no more", () => {
    expect(excessOf({ metrics: metrics(MOST_METRICS) })).toBeNull();
    expect(excessOf({ metrics: metrics(MOST_METRICS + 1) })).toEqual({
      field: "metrics",
      expected: "1000 metrics",
      found: "1001",
    });
    const text = "x".repeat(LONGEST_PARAMETERS - '{"a":""}'.length);
    expect(excessOf({ parameters: { a: text } })).toBeNull();
    expect(excessOf({ parameters: { a: `${text}x` } })).toMatchObject({
      field: "parameters",
      found: String(LONGEST_PARAMETERS + 1),
    });
    // Each is `"mmm…":1,`, and the whole in braces, with a comma less.
    const length = LONGEST_METRICS / 500 - 5;
    expect(excessOf({ metrics: metrics(500, length) })?.found).toBe(String(LONGEST_METRICS + 1));
    expect(excessOf({ metrics: metrics(499, length) })).toBeNull();
  });

  it("anything that is not asked for", () => {
    expect(excessOf({})).toBeNull();
    expect(excessOf({ parameters: undefined, metrics: undefined })).toBeNull();
  });
});

it("a version's node names as many columns as it has room for", () => {
  const version = {
    version_id: "dsv_a",
    dataset_id: "dat_1",
    version_number: 1,
    content_hash: "00",
    row_count: 1,
    size_bytes: 1,
    parent_version_ids: [],
    transformation: null,
    created_at: 1,
  };
  const columnsOf = (count: number, length: number) => {
    const name = (at: number) => String(at).padStart(length, "é");
    const fields = Array.from({ length: count }, (_, at) => ({
      name: name(at),
      type: "int64" as const,
      nullable: true,
    }));
    const [node] = versionLineage("wines", version, { fields }).nodes;
    return node?.metadata["schema"] as { name: string }[];
  };
  expect(columnsOf(60, 2)).toHaveLength(48);
  expect(columnsOf(60, 255)).toHaveLength(7);
  expect(columnsOf(3, 255)).toHaveLength(3);
});
