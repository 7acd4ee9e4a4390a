import { encodeBase32 } from "../../../domain/ids.ts";
import type { ParsedKey } from "../../../domain/keys/api-key.ts";
import { signingKey } from "./signing-key.ts";

const CHECKSUM_BYTES = 10;
const utf8 = new TextEncoder();

/** The first 80 bits of HMAC-SHA256 over the body, as 16 characters. */
export async function checksumOf(body: string, secret: string): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", await signingKey(secret), utf8.encode(body));
  return encodeBase32(new Uint8Array(signature, 0, CHECKSUM_BYTES), 16);
}

/** Whether this platform made the key; it says nothing of the key being in force. */
export async function checksumMatches(
  { body, checksum }: ParsedKey,
  secret: string,
): Promise<boolean> {
  const expected = utf8.encode(await checksumOf(body, secret));
  return crypto.subtle.timingSafeEqual(expected, utf8.encode(checksum));
}

export async function hashKey(key: string): Promise<string> {
  return hex(await crypto.subtle.digest("SHA-256", utf8.encode(key)));
}

export const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
