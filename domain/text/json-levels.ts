/** As deep as JSON of any shape may be: Workers hand some 2,000 levels on, and then their stack ends. */
export const MOST_LEVELS = 200;

/** Whether the value has at most so many levels of lists and objects; a number or text has none. */
export function isNestedWithin(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isNestedWithin(each, levels - 1));
}
