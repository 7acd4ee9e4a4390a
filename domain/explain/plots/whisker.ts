import { coordinate, element, type Element } from "./svg.ts";

/** Less than this is no whisker but a blot. */
const LEAST_WIDTH = 1;
const CAP = 4;

/** An interval from one coordinate to another with a cap at either end. */
export function whiskerPath(from: number, to: number, middle: number): Element[] {
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  if (high - low < LEAST_WIDTH) return [];
  const cap = (x: number): string => `M${coordinate(x)} ${coordinate(middle - CAP)}v${2 * CAP}`;
  const d = `M${coordinate(low)} ${coordinate(middle)}H${coordinate(high)}${cap(low)}${cap(high)}`;
  return [element("path", { class: "line whisker", d, "stroke-width": 1.3 })];
}
