/** What of a file a request is answered with: all of it, bytes `from` to before `to`, or nothing. */
export type ByteRange =
  { kind: "whole" } | { kind: "part"; from: number; to: number } | { kind: "unsatisfiable" };

const WHOLE: ByteRange = { kind: "whole" };
const UNSATISFIABLE: ByteRange = { kind: "unsatisfiable" };

/**
 * Reads the headers of a GET of a file of `size` bytes whose strong entity tag is `etag`, as of RFC
 * 9110, sections 13.1.5 and 14. Left out of account, as a server may, are ranges of other units,
 * ranges that cannot be read, and several ranges at once: each is answered with the whole file. So
 * is a range that holds only `If-Range` another tag; a date there never fits.
 */
export function byteRangeOf(
  headers: { range: string | null; if_range: string | null },
  { size, etag }: { size: number; etag: string },
): ByteRange {
  const [, specs = ""] = /^bytes=(.*)$/i.exec(headers.range?.trim() ?? "") ?? [];
  // A list may hold empty elements (section 5.6.1.2).
  const [spec, ...others] = specs.split(",").flatMap((each) => each.trim() || []);
  if (spec === undefined || others.length > 0) return WHOLE;
  // A weak tag begins with W/ and so is never equal to a strong one.
  if (headers.if_range !== null && headers.if_range.trim() !== etag) return WHOLE;
  const [, first, last = "", suffix] = /^(?:(\d+)-(\d*)|-(\d+))$/.exec(spec) ?? [];
  if (suffix !== undefined) return lastBytes(Number(suffix), size);
  return first === undefined ? WHOLE : bytesFrom(Number(first), last, size);
}

function lastBytes(length: number, size: number): ByteRange {
  if (length === 0) return UNSATISFIABLE;
  // No Content-Range can tell of a part of nothing.
  return size === 0 ? WHOLE : { kind: "part", from: Math.max(0, size - length), to: size };
}

function bytesFrom(from: number, last: string, size: number): ByteRange {
  const to = last === "" ? size : Number(last) + 1;
  if (to <= from && last !== "") return WHOLE;
  return from >= size ? UNSATISFIABLE : { kind: "part", from, to: Math.min(to, size) };
}
