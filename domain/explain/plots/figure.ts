import { fitted, textWidth } from "./text-width.ts";
import { BOLD, FONT, MARGIN, STYLE_SHEET, WIDTH, type Tone } from "./style.ts";
import { element, render, tooltip, type Element } from "./svg.ts";

export type Figure = {
  title: string;
  subtitle: string;
  /** What is to be seen, in words, for those who do not see it. */
  description: string;
  /** What the colours mean. */
  legend?: readonly LegendEntry[];
  /** Under the picture, each on a line of its own. */
  footnotes?: readonly string[];
  body: Drawn;
  /** Where it is not that of all figures. */
  width?: number;
};

/** A part of a figure whose top is at 0. */
export type Drawn = { readonly content: readonly Element[]; readonly height: number };

export type LegendEntry = { tone: Tone; text: string; opacity?: number };

const TITLE_BASELINE = 30;
const SUBTITLE_BASELINE = 50;
const LEGEND_BASELINE = 72;
const FOOTNOTE_HEIGHT = 17;
const FOOTNOTES_TOP = 16;

/** The whole SVG: it needs nothing from outside, runs nothing, and follows the reader's light or dark mode. */
export function figure({
  title,
  subtitle,
  description,
  legend = [],
  footnotes = [],
  body,
  width = WIDTH,
}: Figure): string {
  const top = legend.length > 0 ? LEGEND_BASELINE + 16 : SUBTITLE_BASELINE + 18;
  const bottom = top + body.height;
  const height = Math.ceil(bottom + MARGIN / 2 + footnotes.length * FOOTNOTE_HEIGHT);
  const inner = width - 2 * MARGIN;
  const svg = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: "linnet-plot",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
    },
    tooltip(title),
    element("desc", {}, description),
    element("style", {}, STYLE_SHEET),
    element("rect", { class: "paper", width, height }),
    label(title, {
      x: MARGIN,
      y: TITLE_BASELINE,
      width: inner / BOLD,
      class: "title",
      size: FONT.title,
    }),
    label(subtitle, { x: MARGIN, y: SUBTITLE_BASELINE, width: inner, class: "muted" }),
    ...legendRow(legend),
    element("g", { transform: `translate(0 ${top})` }, ...body.content),
    ...footnotes.map((note, at) =>
      label(note, {
        x: MARGIN,
        y: bottom + FOOTNOTES_TOP + at * FOOTNOTE_HEIGHT,
        width: inner,
        class: "muted small",
        size: FONT.small,
      }),
    ),
  );
  return render(svg);
}

function legendRow(entries: readonly LegendEntry[]): Element[] {
  let x = MARGIN;
  return entries.flatMap(({ tone, text, opacity }) => {
    const at = x;
    x += 20 + Math.ceil(legendWidth(text));
    return [
      element("rect", {
        class: tone,
        x: at,
        y: LEGEND_BASELINE - 9,
        width: 10,
        height: 10,
        rx: 2,
        opacity,
      }),
      element("text", { class: "muted", x: at + 15, y: LEGEND_BASELINE }, text),
    ];
  });
}

const legendWidth = (text: string): number => textWidth(text, FONT.text) + 12;

export type LabelOptions = {
  x: number;
  /** Of the baseline. */
  y: number;
  /** What does not fit is cut off, and shown where the pointer rests. */
  width: number;
  class?: string;
  size?: number;
  anchor?: "start" | "middle" | "end";
};

export function label(
  text: string,
  { x, y, width, class: classes, size = FONT.text, anchor }: LabelOptions,
): Element {
  const short = fitted(text, size, width);
  return element(
    "text",
    { class: classes, x, y, "text-anchor": anchor },
    short,
    ...(short === text ? [] : [tooltip(text)]),
  );
}
