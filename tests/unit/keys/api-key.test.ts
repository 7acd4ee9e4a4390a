import * as fc from "fast-check";
import { expect, it } from "vitest";
import { encodeBase32, formatId } from "../../../domain/ids.ts";
import { KEY_ENVIRONMENTS, keyBody, parseApiKey } from "../../../domain/keys/api-key.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const keys = fc.record({
  environment: fc.constantFrom(...KEY_ENVIRONMENTS),
  key_id: bytes(16).map((id) => formatId("key", id)),
  secret: bytes(20).map((secret) => encodeBase32(secret, 32)),
  checksum: bytes(10).map((sum) => encodeBase32(sum, 16)),
});
const ID = "01jd0000000000000000000000";
const KEY = `sk_live_${ID}${"a".repeat(32)}${"b".repeat(16)}`;

it("takes a key apart", () => {
  expect(parseApiKey(KEY)).toEqual({
    environment: "live",
    key_id: `key_${ID}`,
    secret: "a".repeat(32),
    body: KEY.slice(0, -16),
    checksum: "b".repeat(16),
  });
});

it("reads back every key it can make", () => {
  fc.assert(
    fc.property(keys, (parts) => {
      const body = keyBody(parts.environment, parts.key_id, parts.secret);
      expect(parseApiKey(body + parts.checksum)).toEqual({ ...parts, body });
    }),
  );
});

it("knows no key that is longer or shorter by a character", () => {
  fc.assert(
    fc.property(keys, fc.nat(), (parts, drawn) => {
      const key = keyBody(parts.environment, parts.key_id, parts.secret) + parts.checksum;
      const at = drawn % key.length;
      expect(parseApiKey(key.slice(0, at) + key.slice(at + 1))).toBeNull();
      expect(parseApiKey(`${key.slice(0, at)}0${key.slice(at)}`)).toBeNull();
    }),
  );
});

it.each([
  ["nothing", ""],
  ["another environment", KEY.replace("live", "prod")],
  ["upper case", KEY.toUpperCase()],
  ["a letter that base 32 leaves out", `${KEY.slice(0, -1)}u`],
  ["an id of more than 128 bits", KEY.replace("01jd", "81jd")],
  ["space around it", ` ${KEY}`],
  ["a line break behind it", `${KEY}\n`],
  ["a key within other text", `Bearer ${KEY}`],
])("refuses %s", (_, text) => {
  expect(parseApiKey(text)).toBeNull();
});
