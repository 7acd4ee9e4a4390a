const LONGEST = 63;

/**
 * Names that MATLAB's variables can have: a letter, then letters, digits and underscores, up to 63
 * characters; names that become the same are numbered.
 */
export function matNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const letters = name.replace(/[^A-Za-z0-9_]/g, "_");
    const plain = (/^[A-Za-z]/.test(letters) ? letters : `x${letters}`).slice(0, LONGEST);
    let free = plain;
    for (let i = 2; taken.has(free); i++) {
      const suffix = `_${i}`;
      free = plain.slice(0, LONGEST - suffix.length) + suffix;
    }
    taken.add(free);
    return free;
  });
}
