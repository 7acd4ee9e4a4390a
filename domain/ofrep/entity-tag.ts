/**
 * Whether `If-None-Match` holds this tag. Its comparison is the weak one, as whoever compresses an
 * answer on its way makes its tag weak: RFC 9110, sections 8.8.3.2 and 13.1.2.
 */
export function matchesTag(ifNoneMatch: string | null, tag: string): boolean {
  if (ifNoneMatch === null) return false;
  if (ifNoneMatch.trim() === "*") return true;
  const held = ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return held.some((other) => other.replace(/^W\//, "") === tag);
}
