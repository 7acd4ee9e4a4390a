import { styleText } from "node:util";
import type { Output } from "./world.ts";

type Style = (text: string) => string;
export type Paint = Record<"bold" | "dim" | "red" | "green" | "yellow" | "cyan", Style>;

/** Colours on a terminal that wants them: https://no-color.org */
export function createPaint(stream: Output, env: Record<string, string | undefined>): Paint {
  const coloured = stream.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const style =
    (format: keyof Paint): Style =>
    (text) =>
      coloured ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: style("bold"),
    dim: style("dim"),
    red: style("red"),
    green: style("green"),
    yellow: style("yellow"),
    cyan: style("cyan"),
  };
}
