import { expect, it } from "vitest";
import { ROW_FORMATS } from "../../../../domain/datasets/formats/format-names.ts";
import { FORMAT_TABLE } from "../../../../domain/datasets/formats/formats.ts";

it("rows can be written while they come in the formats whose writers take one pass", () => {
  const formats = Object.entries(FORMAT_TABLE).filter(([, { writer }]) => writer?.passes === "one");
  expect(ROW_FORMATS.toSorted()).toEqual(formats.map(([format]) => format).toSorted());
});
