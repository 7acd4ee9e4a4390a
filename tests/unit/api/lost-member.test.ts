import { describe, expect, it } from "vitest";
import { lostMember } from "../../../workers/api/http/lost-member.ts";

const read = (text: string): unknown => JSON.parse(text);

describe("a member called __proto__ that is lost in reading", () => {
  it.each([
    ['{"a":{"__proto__":1}}', { a: {} }, ["a", "__proto__"]],
    ['[{},{"a":[{"__proto__":null}]}]', [{}, { a: [{}] }], [1, "a", 0, "__proto__"]],
    ['{"a":{"\\u005F\\u005fproto__":{"b":1}}}', { a: {} }, ["a", "__proto__"]],
    ['{"a":{"__pr\\u006fto__":1}}', undefined, ["a", "__proto__"]],
  ])("is found: %s", (body, kept, path) => {
    expect(lostMember(body, kept)).toEqual(path);
  });

  it.each([
    '{"a":{"__proto__":1}}',
    '{"__proto__":{"__proto__":[]}}',
    '["__proto__"]',
    '{"a":"\\u005f"}',
  ])("is not where all of it was kept: %s", (body) => {
    expect(lostMember(body, read(body))).toBeNull();
  });

  it("is not among the members of the body itself, which the contract names", () => {
    expect(lostMember('{"__proto__":1}', {})).toBeNull();
  });

  it("is looked for without a stack that depth could exhaust", () => {
    const deep = `${'{"a":'.repeat(5_000)}{"__proto__":1}${"}".repeat(5_000)}`;
    expect(lostMember(deep, {})).toHaveLength(5_001);
  });
});
