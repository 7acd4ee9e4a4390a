import type { Context } from "./command.ts";

const SHOWN_EVERY_MS = 1_000;
const CLEAR_LINE = "\r\u001b[K";

/** Waits for the work with a line on the terminal that counts the seconds and goes away. */
export async function waitingFor<T>(
  { world: { stderr }, json }: Context,
  label: string,
  work: Promise<T>,
): Promise<T> {
  if (json || stderr.isTTY !== true) return work;
  const started = Date.now();
  const draw = (): void => {
    const seconds = Math.round((Date.now() - started) / 1_000);
    stderr.write(`${CLEAR_LINE}${label} … ${seconds} s`);
  };
  draw();
  const timer = setInterval(draw, SHOWN_EVERY_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    stderr.write(CLEAR_LINE);
  }
}
