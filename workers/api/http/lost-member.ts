const NAME = "__proto__";
/** A letter of the name may also be written as an escape. */
const ESCAPED = /\\u00(?:5f|6f|7[024])/i;

/**
 * The way to a member called `__proto__` that a body has and what was read of it has not: zod leaves
 * it out of records and objects without a word. Null where there is none, as nearly always. The
 * members of the body itself are not names that people choose: one that is unknown means nothing.
 */
export function lostMember(body: string, read: unknown): (string | number)[] | null {
  if (!body.includes(NAME) && !ESCAPED.test(body)) return null;
  const open: { sent: unknown; read: unknown; path: (string | number)[] }[] = [
    { sent: JSON.parse(body), read, path: [] },
  ];
  for (let at = open.pop(); at; at = open.pop()) {
    if (typeof at.sent !== "object" || at.sent === null) continue;
    const isList = Array.isArray(at.sent);
    for (const [key, sent] of Object.entries(at.sent)) {
      const path = [...at.path, isList ? Number(key) : key];
      const kept = memberOf(at.read, key);
      if (key === NAME && kept === undefined && path.length > 1) return path;
      open.push({ sent, read: kept, path });
    }
  }
  return null;
}

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null
    ? Object.getOwnPropertyDescriptor(value, key)?.value
    : undefined;
