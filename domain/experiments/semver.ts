/** The numbers of a version and the identifiers of its pre-release, as text: any number of digits is exact. */
export type Semver = { core: readonly string[]; prerelease: readonly string[] };

const NUMBER = "(0|[1-9]\\d*)";
const IDENTIFIER = "(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)";
const SEMVER = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);
const LONGEST = 256;

/** Reads a version of Semantic Versioning 2.0.0, without its build metadata; null for any other text. */
export function parseSemver(text: string): Semver | null {
  const match = text.length <= LONGEST ? SEMVER.exec(text) : null;
  if (!match) return null;
  return { core: match.slice(1, 4), prerelease: match[4]?.split(".") ?? [] };
}

/** Negative, 0 or positive, by the precedence of Semantic Versioning 2.0.0, section 11. */
export function compareSemver(left: Semver, right: Semver): number {
  const core = compareLists(left.core, right.core);
  if (core !== 0) return core;
  // A version without a pre-release comes after all of its pre-releases.
  if (left.prerelease.length === 0 || right.prerelease.length === 0)
    return right.prerelease.length - left.prerelease.length;
  return compareLists(left.prerelease, right.prerelease);
}

function compareLists(left: readonly string[], right: readonly string[]): number {
  for (const [index, identifier] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = compareIdentifiers(identifier, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

const isNumeric = (identifier: string): boolean => /^\d+$/.test(identifier);

/** Numbers by their value, which are before words, which are in ASCII order. */
function compareIdentifiers(left: string, right: string): number {
  const numeric = isNumeric(left);
  if (numeric !== isNumeric(right)) return numeric ? -1 : 1;
  if (numeric && left.length !== right.length) return left.length - right.length;
  return left === right ? 0 : left < right ? -1 : 1;
}
