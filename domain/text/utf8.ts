const CHUNK = 8192;

/** Encodes as UTF-8; a lone surrogate becomes U+FFFD, as with TextEncoder. */
export function utf8Encode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length * 3);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    let point = text.charCodeAt(i);
    if (point < 0x80) {
      bytes[at++] = point;
      continue;
    }
    if (point < 0x800) {
      bytes[at++] = 0xc0 | (point >> 6);
    } else {
      if (point >= 0xd800 && point <= 0xdfff) {
        const low = text.charCodeAt(i + 1);
        if (point < 0xdc00 && low >= 0xdc00 && low <= 0xdfff) {
          point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
          i++;
        } else point = 0xfffd;
      }
      if (point < 0x10000) bytes[at++] = 0xe0 | (point >> 12);
      else {
        bytes[at++] = 0xf0 | (point >> 18);
        bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
      }
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
    }
    bytes[at++] = 0x80 | (point & 0x3f);
  }
  return bytes.slice(0, at);
}

/** How many bytes `utf8Encode` makes of a text. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    length += unit < 0x800 ? 1 : 2;
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const low = text.charCodeAt(i + 1);
    // Two units of a pair make four bytes, and a half three.
    if (low >= 0xdc00 && low <= 0xdfff) i++;
  }
  return length;
}

/**
 * Decodes UTF-8; every maximal ill-formed part becomes one U+FFFD (Unicode 3.9, "Substitution of
 * Maximal Subparts"), as with TextDecoder. A byte order mark is kept.
 */
export function utf8Decode(bytes: Uint8Array): string {
  const units = new Uint16Array(bytes.length);
  let size = 0;
  for (let i = 0; i < bytes.length;) {
    const lead = bytes[i++] ?? 0;
    if (lead < 0x80) {
      units[size++] = lead;
      continue;
    }
    let missing = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    let point = missing === 0 ? 0xfffd : lead & (0x3f >> missing);
    // The second byte's range is narrower where it would make an overlong form, a surrogate or more than U+10FFFF.
    let lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    let highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    for (; missing > 0; missing--) {
      const next = bytes[i] ?? 0;
      if (next < lowest || next > highest) {
        point = 0xfffd;
        break;
      }
      point = (point << 6) | (next & 0x3f);
      lowest = 0x80;
      highest = 0xbf;
      i++;
    }
    if (point > 0xffff) {
      units[size++] = 0xd7c0 + (point >> 10);
      units[size++] = 0xdc00 | (point & 0x3ff);
    } else units[size++] = point;
  }
  let text = "";
  for (let from = 0; from < size; from += CHUNK)
    text += fromUnits(units.subarray(from, Math.min(from + CHUNK, size)));
  return text;
}

/** A typed array is a legal argument list; spreading it would go through its iterator. */
const fromUnits = (units: Uint16Array): string => Reflect.apply(String.fromCharCode, null, units);
