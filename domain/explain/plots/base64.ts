const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base 64 (RFC 4648) with padding; not every runtime of this code has one of its own. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second, third] = bytes.subarray(at, at + 3);
    const bits = (first << 16) | ((second ?? 0) << 8) | (third ?? 0);
    const digit = (place: number): string => DIGITS.charAt((bits >> (6 * place)) & 63);
    text += digit(3) + digit(2);
    text += second === undefined ? "==" : digit(1) + (third === undefined ? "=" : digit(0));
  }
  return text;
}
