const hex = (digest: ArrayBuffer): string => new Uint8Array(digest).toHex();

/** In lower-case hex. */
export const sha256 = async (bytes: Uint8Array): Promise<string> =>
  hex(await crypto.subtle.digest("SHA-256", bytes));

/** The SHA-256 of what is written to it, in hex, once it is closed. */
export function streamedSha256(): {
  write(bytes: Uint8Array): Promise<void>;
  end(): Promise<string>;
} {
  const stream = new crypto.DigestStream("SHA-256");
  const writer = stream.getWriter();
  return {
    write: (bytes) => writer.write(bytes),
    async end() {
      await writer.close();
      return hex(await stream.digest);
    },
  };
}
