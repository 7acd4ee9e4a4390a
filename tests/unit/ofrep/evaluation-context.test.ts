import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readContext } from "../../../domain/ofrep/evaluation-context.ts";

const refusal = (context: unknown) => {
  const read = readContext(context);
  return read.ok ? "read" : read.error.code;
};

describe("an evaluation context", () => {
  it("gives the targeting key and what a condition can be about", () => {
    const context = {
      targetingKey: "user-42",
      country: "FR",
      age: 30,
      beta: true,
      groups: ["staff", "eu"],
    };
    expect(readContext(context)).toEqual({
      ok: true,
      value: { targeting_key: "user-42", attributes: context },
    });
  });

  it("may hold anything else, which no condition can match", () => {
    const read = readContext({
      targetingKey: "u",
      nested: { country: "FR" },
      mixed: ["a", 1],
      nothing: null,
      endless: Number.POSITIVE_INFINITY,
    });
    expect(read).toMatchObject({ ok: true, value: { attributes: { targetingKey: "u" } } });
    expect(read.ok && Object.keys(read.value.attributes)).toEqual(["targetingKey"]);
  });

  it("may name an attribute like a member of every object", () => {
    const read = readContext(JSON.parse('{"targetingKey":"u","__proto__":"x","constructor":"y"}'));
    const attributes = read.ok ? read.value.attributes : {};
    expect(Object.entries(attributes)).toContainEqual(["__proto__", "x"]);
    expect(Object.getPrototypeOf(attributes)).toBe(Object.prototype);
  });

  it.each([undefined, null, "", 1, true, [], "user-42"])("is an object, not %j", (context) => {
    expect(refusal(context)).toBe("INVALID_CONTEXT");
  });

  it.each([{}, { targetingKey: null }, { targetingKey: "" }, { targeting_key: "user" }])(
    "has a targeting key, unlike %j",
    (context) => expect(refusal(context)).toBe("TARGETING_KEY_MISSING"),
  );

  it.each([1, true, {}, ["u"], "a\u0000b", "a\nb", "\ud800", "x".repeat(257)])(
    "has no targeting key %j",
    (targetingKey) => expect(refusal({ targetingKey })).toBe("INVALID_CONTEXT"),
  );

  it("is read whatever it holds, and keeps each usable attribute as it was", () => {
    fc.assert(
      fc.property(
        fc.string({
          minLength: 1,
          maxLength: 256,
          unit: fc.constantFrom("a", "Z", "é", " ", "😀"),
        }),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (key, others) => {
          const targetingKey = key.slice(0, 100);
          const read = readContext({ ...others, targetingKey });
          if (/\p{Cs}/u.test(targetingKey)) return;
          expect(read).toMatchObject({ ok: true, value: { targeting_key: targetingKey } });
          if (!read.ok) return;
          for (const [name, value] of Object.entries(read.value.attributes))
            if (name !== "targetingKey") expect(value).toEqual(others[name]);
          for (const [name, value] of Object.entries(others))
            if (typeof value === "string" && name !== "targetingKey")
              expect(Object.entries(read.value.attributes)).toContainEqual([name, value]);
        },
      ),
    );
  });
});
