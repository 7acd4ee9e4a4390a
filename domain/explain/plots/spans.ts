import { AXIS_HEIGHT, axisLine, bottomAxis } from "./axis.ts";
import type { Drawn } from "./figure.ts";
import { linearScale, type Scale } from "./scale.ts";
import { FONT, MARGIN, WIDTH, type Tone } from "./style.ts";
import { element, tooltip, type Element } from "./svg.ts";
import { fitted, textWidth } from "./text-width.ts";
import { whiskerPath } from "./whisker.ts";

/** A bar from one value to another, on a line of its own with a name before it and a number behind it. */
export type Span = {
  name: string;
  /** Said after the name, in a quieter colour. */
  detail?: string;
  from: number;
  to: number;
  /** 95 %, of where the bar ends. */
  interval: readonly [low: number, high: number] | null;
  /** The number to print. */
  text: string;
  tone: Tone;
  /** The whole of it in words. */
  tooltip: string;
  /** A mark rather than a bar: the start and the end of a sum. */
  isMark?: boolean;
};

export type SpanOptions = {
  axis_title: string;
  /** Values that the axis reaches beside those of the spans. */
  include?: readonly number[];
  /** The spans follow each other as a sum does: thin lines lead from one to the next, and zero is no special place. */
  connected?: boolean;
};

export const ROW = 25;
const BAR = 14;
const LABELS_RIGHT = 268;
const PLOT_LEFT = LABELS_RIGHT + 12;
const PLOT_RIGHT = WIDTH - MARGIN;
const NUMBER_GAP = 6;

/** The spans from top to bottom over an axis. */
export function drawSpans(spans: readonly Span[], options: SpanOptions): Drawn {
  const scale = spanScale(spans, options.include ?? []);
  const bottom = spans.length * ROW + 4;
  const [low, high] = scale.domain;
  const zero = scale.at(0);
  return {
    content: [
      ...bottomAxis(scale, options.axis_title, 0, bottom),
      ...(low <= 0 && high >= 0 ? [axisLine(zero, 0, zero, bottom)] : []),
      ...(options.connected === true ? connectors(spans, scale) : []),
      ...spans.map((span, row) => drawSpan(span, scale, row * ROW + ROW / 2 + 2)),
    ],
    height: bottom + AXIS_HEIGHT,
  };
}

const reach = ({ from, to, interval }: Span): number[] => [from, to, ...(interval ?? [])];

/** Leaves room for the numbers at either end. */
function spanScale(spans: readonly Span[], include: readonly number[]): Scale {
  const room = (isRight: boolean): number =>
    Math.max(
      8,
      ...spans.flatMap((span) =>
        isRightward(span) === isRight ? [textWidth(span.text, FONT.text) + 2 * NUMBER_GAP] : [],
      ),
    );
  return linearScale([...spans.flatMap(reach), ...include], {
    range: [PLOT_LEFT + room(false), PLOT_RIGHT - room(true)],
  });
}

const isRightward = ({ from, to }: Span): boolean => to >= from;

function drawSpan(span: Span, scale: Scale, middle: number): Element {
  const [start, end] = [scale.at(span.from), scale.at(span.to)];
  const { interval } = span;
  const isRight = isRightward(span);
  const ends = reach(span).map(scale.at);
  const edge = isRight ? Math.max(...ends) + NUMBER_GAP : Math.min(...ends) - NUMBER_GAP;
  return element(
    "g",
    { class: "span" },
    tooltip(span.tooltip),
    spanLabel(span, middle),
    span.isMark === true ? mark(end, middle) : bar(span.tone, start, end, middle),
    ...(interval === null ? [] : whiskerPath(scale.at(interval[0]), scale.at(interval[1]), middle)),
    element(
      "text",
      {
        class: span.isMark === true ? "strong" : numberClass(span.tone),
        x: edge,
        y: middle + 4,
        "text-anchor": isRight ? undefined : "end",
      },
      span.text,
    ),
  );
}

const numberClass = (tone: Tone): string =>
  tone === "raises" || tone === "lowers" ? `${tone}_text` : "ink";

function spanLabel({ name, detail = "", isMark }: Span, middle: number): Element {
  const room = LABELS_RIGHT - MARGIN;
  const after = fitted(detail, FONT.text, room * 0.55);
  const before = fitted(name, FONT.text, room - textWidth(after, FONT.text));
  return element(
    "text",
    {
      class: isMark === true ? "strong" : undefined,
      x: LABELS_RIGHT,
      y: middle + 4,
      "text-anchor": "end",
    },
    before,
    ...(after === "" ? [] : [element("tspan", { class: "muted" }, after)]),
  );
}

const bar = (tone: Tone, start: number, end: number, middle: number): Element =>
  element("rect", {
    class: tone,
    x: Math.min(start, end),
    y: middle - BAR / 2,
    width: Math.max(0.5, Math.abs(end - start)),
    height: BAR,
    rx: 2,
  });

const mark = (x: number, middle: number): Element =>
  element("rect", { class: "ink", x: x - 2, y: middle - 9, width: 4, height: 18, rx: 2 });

function connectors(spans: readonly Span[], scale: Scale): Element[] {
  return spans.slice(0, -1).map(({ to }, row) => {
    const x = scale.at(to);
    const y = row * ROW + ROW / 2 + 2;
    return element("line", { class: "line axis dashed", x1: x, y1: y, x2: x, y2: y + ROW });
  });
}
