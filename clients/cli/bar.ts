import type { Paint } from "./paint.ts";

type Style = (text: string) => string;

/** A share of a bar of `width` columns; what is beyond [0, 1] is cut off. */
export function renderBar(
  share: number,
  { width, paint, style = paint.green }: { width: number; paint: Paint; style?: Style },
): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return style("█".repeat(full)) + paint.dim("░".repeat(width - full));
}
