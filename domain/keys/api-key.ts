export const KEY_ENVIRONMENTS = ["live", "test"] as const;
export type KeyEnvironment = (typeof KEY_ENVIRONMENTS)[number];

/** `sk_live_` + 26 characters of id + 32 of secret (160 bits) + 16 of keyed checksum (80 bits). */
const KEY =
  /^sk_(live|test)_([0-7][0-9a-hjkmnp-tv-z]{25})([0-9a-hjkmnp-tv-z]{32})([0-9a-hjkmnp-tv-z]{16})$/;

export type ParsedKey = {
  environment: KeyEnvironment;
  key_id: `key_${string}`;
  secret: string;
  /** All that the checksum covers. */
  body: string;
  checksum: string;
};

/** The parts of a well-formed key, or null. Only the checksum tells whether Linnet ever made it. */
export function parseApiKey(text: string): ParsedKey | null {
  const match = KEY.exec(text);
  if (!match) return null;
  const [, environment, id, secret, checksum] = match;
  if (!environment || !id || !secret || !checksum) return null;
  const body = text.slice(0, -checksum.length);
  return {
    environment: environment as KeyEnvironment,
    key_id: `key_${id}`,
    secret,
    body,
    checksum,
  };
}

export const keyBody = (environment: KeyEnvironment, keyId: string, secret: string): string =>
  `sk_${environment}_${keyId.slice("key_".length)}${secret}`;
