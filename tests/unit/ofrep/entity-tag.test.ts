import { describe, expect, it } from "vitest";
import { matchesTag } from "../../../domain/ofrep/entity-tag.ts";

describe("an entity tag", () => {
  it.each(['"a"', 'W/"a"', '"b", "a"', '"b",W/"a"', "*", ' "a" '])("is matched by %s", (header) =>
    expect(matchesTag(header, '"a"')).toBe(true),
  );
  it.each([null, "", "a", '"b"', '"A"', 'W/"b"', '"*"', '"a', "**"])(
    "is not matched by %j",
    (header) => expect(matchesTag(header, '"a"')).toBe(false),
  );
});
