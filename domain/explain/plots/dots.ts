import { coordinate, element, type Element } from "./svg.ts";

export type Dot = { x: number; y: number; class: string };

/**
 * Many dots as few paths, one for each class: a line of no length with round ends is a dot, and
 * takes a tenth of what a circle does.
 */
export function drawDots(dots: readonly Dot[], diameter: number, opacity = 1): Element[] {
  const places = new Map<string, string[]>();
  for (const { x, y, class: name } of dots) {
    const own = places.get(name) ?? [];
    own.push(`M${coordinate(x)} ${coordinate(y)}h0`);
    places.set(name, own);
  }
  return [...places]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, own]) =>
      element("path", {
        class: `dots ${name}`,
        d: own.join(""),
        "stroke-width": diameter,
        opacity: opacity === 1 ? undefined : opacity,
      }),
    );
}
