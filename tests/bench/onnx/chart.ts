/** Values from 0 to 1 by epoch. */
export type Line = { name: string; values: readonly number[] };

const WIDTH = 420;
const HEIGHT = 260;
const LEFT = 40;
const TOP = 34;
const PLOT_WIDTH = 280;
const PLOT_HEIGHT = 190;
/** Okabe & Ito's colours, which people with any colour vision can tell apart. */
const COLOURS = ["#000000", "#e69f00", "#56b4e9", "#009e73", "#d55e00", "#0072b2", "#cc79a7"];

/** Panels side by side, each with its lines and their names at the right, as an SVG picture. */
export function chartOf(panels: readonly { title: string; lines: readonly Line[] }[]): string {
  const width = WIDTH * panels.length;
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  const colourOf = (name: string): string =>
    COLOURS[names.indexOf(name) % COLOURS.length] ?? "#000000";
  const drawn = panels.map((panel, index) => panelOf(panel, index * WIDTH, colourOf)).join("\n");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" font-family="sans-serif" font-size="11">
<rect width="${width}" height="${HEIGHT}" fill="#ffffff"/>
${drawn}
</svg>
`;
}

function panelOf(
  { title, lines }: { title: string; lines: readonly Line[] },
  x: number,
  colourOf: (name: string) => string,
): string {
  const epochs = Math.max(2, ...lines.map(({ values }) => values.length));
  const across = (epoch: number): number => LEFT + ((epoch - 1) / (epochs - 1)) * PLOT_WIDTH;
  const down = (value: number): number => TOP + (1 - value) * PLOT_HEIGHT;
  const grid = [0, 0.2, 0.4, 0.6, 0.8, 1].map(
    (value) =>
      `<path d="M${LEFT} ${down(value)}h${PLOT_WIDTH}" stroke="#dddddd"/>` +
      `<text x="${LEFT - 6}" y="${down(value) + 4}" text-anchor="end">${value}</text>`,
  );
  const heights = apart(lines.map(({ values }) => down(values.at(-1) ?? 0)));
  const curves = lines.map(({ name, values }, index) => {
    const colour = colourOf(name);
    const points = values.map(
      (value, at) => `${across(at + 1).toFixed(1)},${down(value).toFixed(1)}`,
    );
    return (
      `<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="1.6"/>` +
      `<text x="${LEFT + PLOT_WIDTH + 6}" y="${((heights[index] ?? 0) + 4).toFixed(1)}" fill="${colour}">${name} ${(values.at(-1) ?? 0).toFixed(3)}</text>`
    );
  });
  return `<g transform="translate(${x} 0)">
<text x="${LEFT}" y="20" font-size="13">${title}</text>
${grid.join("\n")}
${curves.join("\n")}
<text x="${LEFT}" y="${TOP + PLOT_HEIGHT + 16}">1</text>
<text x="${LEFT + PLOT_WIDTH}" y="${TOP + PLOT_HEIGHT + 16}" text-anchor="end">epoch ${epochs}</text>
</g>`;
}

/** Heights moved down where they would lie on each other. */
function apart(heights: readonly number[]): number[] {
  const moved = [...heights];
  let last = -Infinity;
  for (const index of heights
    .map((_, at) => at)
    .toSorted((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0))) {
    last = Math.max(heights[index] ?? 0, last + 13);
    moved[index] = last;
  }
  return moved;
}
