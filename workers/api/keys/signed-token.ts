import { hex } from "./key-checksum.ts";
import { signingKey } from "./signing-key.ts";

const TOKEN = /^(.*)\.([0-9a-f]{64})$/;
const utf8 = new TextEncoder();

/**
 * `text.signature`, with which this platform says that `text` is its own. It stands for nothing
 * outside its `domain`, though all domains share one secret.
 */
export async function signToken(domain: string, text: string, secret: string): Promise<string> {
  const signed = utf8.encode(domain + text);
  const signature = await crypto.subtle.sign("HMAC", await signingKey(secret), signed);
  return `${text}.${hex(signature)}`;
}

/** The text of a token of the domain; undefined where it is not of this platform. */
export async function openToken(
  domain: string,
  token: string,
  secret: string,
): Promise<string | undefined> {
  const [, text, signature] = TOKEN.exec(token) ?? [];
  if (text === undefined || signature === undefined) return undefined;
  const signed = utf8.encode(domain + text);
  const bytes = Uint8Array.fromHex(signature);
  const genuine = await crypto.subtle.verify("HMAC", await signingKey(secret), bytes, signed);
  return genuine ? text : undefined;
}
