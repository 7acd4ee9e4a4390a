import { renderBar } from "./bar.ts";
import { formatBytes } from "./format.ts";
import type { Paint } from "./paint.ts";
import type { Output } from "./world.ts";

const BAR_WIDTH = 30;
const REDRAW_MS = 80;
const CLEAR_LINE = "\r\u001b[K";

export type Progress = { update(done: number): void; end(): void };

/** A bar on a terminal that goes away at its end; nothing elsewhere. */
export function createProgress(
  stream: Output,
  {
    label,
    total,
    paint,
    format = formatBytes,
  }: { label: string; total: number; paint: Paint; format?: (count: number) => string },
): Progress {
  if (stream.isTTY !== true) return { update: () => undefined, end: () => undefined };
  const started = Date.now();
  let drawnAt = 0;
  return {
    update(done) {
      const now = Date.now();
      if (now - drawnAt < REDRAW_MS && done < total) return;
      drawnAt = now;
      const share = total === 0 ? 1 : Math.min(1, done / total);
      const bar = renderBar(share, { width: BAR_WIDTH, paint });
      const rate = now > started ? `  ${format((done / (now - started)) * 1_000)}/s` : "";
      const percent = `${Math.floor(share * 100)} %`.padStart(5);
      const counts = `${format(done)} of ${format(total)}${rate}`;
      stream.write(`${CLEAR_LINE}${label} ${bar} ${percent}  ${paint.dim(counts)}`);
    },
    end() {
      if (drawnAt > 0) stream.write(CLEAR_LINE);
    },
  };
}
