const utf8 = new TextEncoder();

let imported: { secret: string; key: Promise<CryptoKey> } | undefined;

/** The key for HMAC-SHA256 under `KEY_CHECKSUM_SECRET`, for whatever the platform signs. */
export function signingKey(secret: string): Promise<CryptoKey> {
  if (!secret) throw new Error("the secret KEY_CHECKSUM_SECRET is not set");
  if (imported?.secret !== secret) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const uses = ["sign", "verify"];
    const key = crypto.subtle.importKey("raw", utf8.encode(secret), algorithm, false, uses);
    imported = { secret, key };
  }
  return imported.key;
}
