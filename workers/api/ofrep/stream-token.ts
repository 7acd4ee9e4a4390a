import { hex } from "../keys/key-checksum.ts";

const HOUR_MS = 3_600_000;
/** Keeps a signature from standing for anything else that is signed with the same secret. */
const DOMAIN = "ofrep-stream/1:";
const TOKEN = /^(usr_[0-9a-z]{26})\.(\d{6,7})\.([0-9a-f]{64})$/;
const utf8 = new TextEncoder();

const signed = (owner_id: string, until: number) => utf8.encode(`${DOMAIN}${owner_id}.${until}`);

const signingKey = (secret: string): Promise<CryptoKey> => {
  if (!secret) throw new Error("the secret KEY_CHECKSUM_SECRET is not set");
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", utf8.encode(secret), algorithm, false, ["sign", "verify"]);
};

/**
 * What opens the stream of an owner's changes and nothing else, for those who cannot send a key:
 * `owner.hours.signature`. It is the same for all who ask in one hour, so that a client which
 * asks again keeps the stream it has, and is good for one to two hours.
 */
export async function streamToken(owner_id: string, now: number, secret: string): Promise<string> {
  const until = Math.floor(now / HOUR_MS) + 2;
  const signature = await crypto.subtle.sign(
    "HMAC",
    await signingKey(secret),
    signed(owner_id, until),
  );
  return `${owner_id}.${until}.${hex(signature)}`;
}

/** The owner whose stream the token opens at `now`; undefined where it opens none. */
export async function ownerOfToken(
  token: string,
  now: number,
  secret: string,
): Promise<string | undefined> {
  const [, owner_id = "", hours = "", signature = ""] = TOKEN.exec(token) ?? [];
  if (owner_id === "" || now >= Number(hours) * HOUR_MS) return undefined;
  const bytes = Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const genuine = await crypto.subtle.verify(
    "HMAC",
    await signingKey(secret),
    bytes,
    signed(owner_id, Number(hours)),
  );
  return genuine ? owner_id : undefined;
}
