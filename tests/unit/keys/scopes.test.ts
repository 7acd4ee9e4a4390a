import * as fc from "fast-check";
import { expect, it } from "vitest";
import { allows, notOwn, SCOPE_NAMES } from "../../../domain/keys/scopes.ts";

const scope = fc.constantFrom(...SCOPE_NAMES);
const scopes = fc.uniqueArray(scope);

it.each(SCOPE_NAMES.filter((name) => name !== "admin"))("%s allows itself and no other", (held) => {
  expect(SCOPE_NAMES.filter((needed) => allows([held], needed))).toEqual([held]);
});

it("admin allows everything", () => {
  expect(SCOPE_NAMES.filter((needed) => !allows(["admin"], needed))).toEqual([]);
});

it("no scopes allow nothing", () => {
  expect(SCOPE_NAMES.filter((needed) => allows([], needed))).toEqual([]);
});

it("a key passes on what it holds", () => {
  expect(notOwn(["predict", "models:read"], ["models:read", "predict"])).toBeUndefined();
});

it("a key does not pass on what it does not hold, and the first such scope is named", () => {
  expect(notOwn(["predict"], ["predict", "keys:write", "admin"])).toBe("keys:write");
});

it("only an admin makes an admin", () => {
  expect(
    notOwn(
      SCOPE_NAMES.filter((name) => name !== "admin"),
      ["admin"],
    ),
  ).toBe("admin");
  expect(notOwn(["admin"], ["admin"])).toBeUndefined();
});

it("passing scopes on, however often, never allows more than the first key", () => {
  fc.assert(
    fc.property(scopes, fc.array(scopes), scope, (first, asked, needed) => {
      let held = first;
      for (const next of asked) if (notOwn(held, next) === undefined) held = next;
      if (allows(held, needed)) expect(allows(first, needed)).toBe(true);
    }),
  );
});
