const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Map(Array.from(DIGITS, (digit, value) => [digit.charCodeAt(0), value]));

/** The bytes of base 64 (RFC 4648), padded or not; undefined for a text that is none. */
export function fromBase64(text: string): Uint8Array | undefined {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = text.length - padding;
  if ((padding > 0 && text.length % 4 !== 0) || digits % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((digits * 3) / 4));
  let bits = 0;
  let filled = 0;
  for (let at = 0; at < digits; at++) {
    const value = VALUES.get(text.charCodeAt(at));
    if (value === undefined) return undefined;
    bits = ((bits << 6) | value) & 0xffffff;
    const held = (at % 4) * 6 + 6;
    if (held > 6) bytes[filled++] = (bits >> (at % 4 === 1 ? 4 : at % 4 === 2 ? 2 : 0)) & 255;
  }
  return bytes;
}
