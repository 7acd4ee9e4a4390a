import { expect, it } from "vitest";
import { EXACT_FORMATS } from "../../../../domain/datasets/formats/format-names.ts";
import { FORMAT_TABLE } from "../../../../domain/datasets/formats/formats.ts";

it("formats that keep every column as it is need no second pass to know what it becomes", () => {
  const formats = Object.entries(FORMAT_TABLE).filter(([, { writer }]) => writer?.passes === "one");
  expect(EXACT_FORMATS.toSorted()).toEqual(formats.map(([format]) => format).toSorted());
});
