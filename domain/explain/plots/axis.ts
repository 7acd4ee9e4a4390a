import type { Scale } from "./scale.ts";
import { FONT } from "./style.ts";
import { coordinate, element, type Element } from "./svg.ts";
import { fitted } from "./text-width.ts";

/** What an axis at the bottom adds to the height. */
export const AXIS_HEIGHT = 42;

/** Grid lines from `top` to `bottom` with a label under each, and a title under them all. */
export function bottomAxis(scale: Scale, title: string, top: number, bottom: number): Element[] {
  const [from, to] = scale.domain.map(scale.at) as [number, number];
  return [
    ...scale.ticks.map(({ value }) => gridLine(scale.at(value), top, scale.at(value), bottom)),
    ...scale.ticks.map(({ value, label }) =>
      element(
        "text",
        { class: "muted small", x: scale.at(value), y: bottom + 15, "text-anchor": "middle" },
        label,
      ),
    ),
    element(
      "text",
      { class: "muted", x: (from + to) / 2, y: bottom + 34, "text-anchor": "middle" },
      fitted(title, FONT.text, Math.abs(to - from)),
    ),
  ];
}

/** Grid lines from `left` to `right` with a label before each, and a title beside them, read upwards. */
export function leftAxis(scale: Scale, title: string, left: number, right: number): Element[] {
  const [from, to] = scale.domain.map(scale.at) as [number, number];
  const middle = (from + to) / 2;
  const x = left - 46;
  return [
    ...scale.ticks.map(({ value }) => gridLine(left, scale.at(value), right, scale.at(value))),
    ...scale.ticks.map(({ value, label }) =>
      element(
        "text",
        { class: "muted small", x: left - 8, y: scale.at(value) + 4, "text-anchor": "end" },
        label,
      ),
    ),
    element(
      "text",
      {
        class: "muted",
        x,
        y: middle,
        "text-anchor": "middle",
        transform: `rotate(-90 ${coordinate(x)} ${coordinate(middle)})`,
      },
      fitted(title, FONT.text, Math.abs(to - from)),
    ),
  ];
}

const gridLine = (x1: number, y1: number, x2: number, y2: number): Element =>
  element("line", { class: "line rule", x1, y1, x2, y2 });

/** A line that stands out from the grid, such as that of zero. */
export const axisLine = (x1: number, y1: number, x2: number, y2: number): Element =>
  element("line", { class: "line axis", x1, y1, x2, y2 });
