import { numeral } from "./numerals.ts";
import { FONT, RAMP_STEPS, rampClass } from "./style.ts";
import { element, type Element } from "./svg.ts";
import { fitted } from "./text-width.ts";

/** The colour class of each value; `missing` for those that are null. */
export type Ramp = {
  readonly classOf: (value: number | null) => string;
  readonly low: number;
  readonly high: number;
};

/** The ramp reaches from the 5th to the 95th of a hundred values, so that a few far out do not take all colours. */
const OUTER = 0.05;

export function rampOver(values: readonly (number | null)[]): Ramp {
  const sorted = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const inner = [at(OUTER), at(1 - OUTER)] as const;
  const [low, high] = inner[0] < inner[1] ? inner : [at(0), at(1)];
  return {
    low,
    high,
    classOf: (value) => {
      if (value === null) return "missing";
      if (low === high) return rampClass(Math.floor(RAMP_STEPS / 2));
      const step = Math.floor(((value - low) / (high - low)) * RAMP_STEPS);
      return rampClass(Math.max(0, Math.min(RAMP_STEPS - 1, step)));
    },
  };
}

type Place = { x: number; top: number; height: number; width: number };

/** The colours from low at the bottom to high at the top, beside the words for them. */
export function rampLegend(
  { x, top, height, width }: Place,
  { title, low, high }: { title: string; low: string; high: string },
): Element[] {
  const part = height / RAMP_STEPS;
  const middle = top + height / 2;
  const side = x + 24;
  return [
    ...Array.from({ length: RAMP_STEPS }, (_, step) =>
      element("rect", {
        class: rampClass(step),
        x,
        y: top + height - (step + 1) * part,
        width: 9,
        height: part + 0.3,
      }),
    ),
    element(
      "text",
      { class: "muted small", x: x + 4, y: top - 8, "text-anchor": "middle" },
      fitted(high, FONT.small, width),
    ),
    element(
      "text",
      { class: "muted small", x: x + 4, y: top + height + 17, "text-anchor": "middle" },
      fitted(low, FONT.small, width),
    ),
    element(
      "text",
      {
        class: "muted",
        x: side,
        y: middle,
        "text-anchor": "middle",
        transform: `rotate(-90 ${side} ${middle})`,
      },
      fitted(title, FONT.text, height),
    ),
  ];
}

export const rampEnds = ({ low, high }: Ramp): { low: string; high: string } => ({
  low: numeral(low, 3),
  high: numeral(high, 3),
});
