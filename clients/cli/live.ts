import { displayWidth } from "./text-width.ts";
import type { Output } from "./world.ts";

const ESC = "\u001b[";
const HIDE_CURSOR = `${ESC}?25l`;
const SHOW_CURSOR = `${ESC}?25h`;
const CLEAR_REST_OF_LINE = `${ESC}K`;
const CLEAR_BELOW = `${ESC}J`;

export type LiveView = {
  /** Puts text in the place of the text before; away from a terminal, below it if it differs. */
  draw(text: string): void;
  /** Leaves the last text standing and gives the cursor back. */
  end(): void;
};

/** Text that is redrawn in place. */
export function createLiveView(stream: Output): LiveView {
  let drawn = "";
  if (stream.isTTY !== true)
    return {
      draw(text) {
        if (text !== drawn) stream.write(`${text}\n`);
        drawn = text;
      },
      end: () => undefined,
    };

  let begun = false;
  /** A line longer than the terminal is wide takes several rows. */
  const rowsOf = (text: string) =>
    text
      .split("\n")
      .reduce(
        (rows, line) => rows + Math.max(1, Math.ceil(displayWidth(line) / (stream.columns ?? 80))),
        0,
      );
  return {
    draw(text) {
      const back = begun ? `${ESC}${rowsOf(drawn)}A\r` : HIDE_CURSOR;
      const lines = text.split("\n").map((line) => `${line}${CLEAR_REST_OF_LINE}\n`);
      stream.write(`${back}${lines.join("")}${CLEAR_BELOW}`);
      begun = true;
      drawn = text;
    },
    end() {
      if (begun) stream.write(SHOW_CURSOR);
      begun = false;
    },
  };
}
