import { expect, it } from "vitest";
import { faultOf, field, sourceOf, transform } from "./support.ts";

const SCHEMA = { fields: [field("id", "int64"), field("text", "string")] };
const rows = (count: number, text: string) =>
  Array.from({ length: count }, (_, id) => ({ id: BigInt(id), text }));
/** A text a thousand times as long, of a short one. */
const LONGER = `replace(text, 'x', '${"y".repeat(1_000)}')`;
const grown = { set: [{ name: "grown", expression: LONGER }] };

it("texts that expressions make longer are held up to 16 MiB a batch, and refused beyond", async () => {
  const few = sourceOf(SCHEMA, rows(8, "x".repeat(1_000)), 8);
  for (const row of (await transform("map", grown, few)).rows)
    expect(row["grown"]).toHaveLength(1_000_000);
  const many = sourceOf(SCHEMA, rows(100, "x".repeat(1_000)), 100);
  expect(await faultOf(() => transform("map", grown, many))).toMatchObject({
    code: "transformation_invalid",
    row: 8,
    message: expect.stringMatching(/^row 8 and the 8 before it become more than 16777216 bytes/),
  });
});

it("so are those that are computed of all rows together", async () => {
  const features = [
    { kind: "lag", column: "id", by: 1 },
    { kind: "expression", ...grown.set[0] },
  ];
  const many = sourceOf(SCHEMA, rows(100, "x".repeat(1_000)), 100);
  expect(
    await faultOf(() => transform("feature_engineering", { features, order_by: ["id"] }, many)),
  ).toMatchObject({ code: "transformation_invalid", row: 8 });
});
