const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** 26 Crockford base-32 digits of a 128-bit value; the order of the text is the order of the bytes. */
export function encodeId(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new RangeError(`an id has 16 bytes, not ${bytes.length}`);
  return encodeBase32(bytes, 26);
}

/** Big-endian base 32 with the value right-aligned in `length` digits. */
export function encodeBase32(bytes: Uint8Array, length: number): string {
  let text = "";
  let bits = length * 5 - bytes.length * 8;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((value >>> bits) & 31);
    }
    value &= (1 << bits) - 1;
  }
  return text;
}

export type IdPrefix =
  | "usr"
  | "key"
  | "mdl"
  | "exp"
  | "var"
  | "upl"
  | "lyr"
  | "xpl"
  | "prd"
  | "bkg"
  | "job"
  | "dat"
  | "dsv"
  | "trn"
  | "run"
  | "grp";

/** A prefixed id that sorts by creation time when `bytes` is a UUIDv7 (RFC 9562). */
export const formatId = <P extends IdPrefix>(prefix: P, bytes: Uint8Array): `${P}_${string}` =>
  `${prefix}_${encodeId(bytes)}`;

export const idPattern = (prefix: IdPrefix): RegExp =>
  new RegExp(`^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`);
