/**
 * JSON of plain data with the keys of every object in code-unit order and no spaces: one text for
 * equal data, as RFC 8785 has it, so that whoever recomputes a hash of it gets the same.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}

type ChainedEvent = {
  sequence: number;
  type: string;
  at: string;
  by: string;
  epoch: number;
  data: unknown;
};

/** The text whose SHA-256, in hex, is an event's `hash`; `at` is as the API writes it. */
export const chainedText = (previous: string | null, event: ChainedEvent): string => {
  const { sequence, type, at, by, epoch, data } = event;
  return canonicalJson({ previous, sequence, type, at, by, epoch, data });
};
