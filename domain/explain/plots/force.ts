import { axisLine } from "./axis.ts";
import { figure, label, type Drawn } from "./figure.ts";
import { numeral, signedAlike } from "./numerals.ts";
import {
  describeContributions,
  headingOf,
  METHOD_TITLES,
  SIGN_LEGEND,
  type PlottedExplanation,
} from "./plotted-explanation.ts";
import { linearScale, type Scale } from "./scale.ts";
import { FONT, MARGIN, toneOf, WIDTH } from "./style.ts";
import { coordinate, element, tooltip, type Element } from "./svg.ts";
import { textWidth } from "./text-width.ts";
import { stepsOf, type Step } from "./waterfall.ts";

const MOST_PIECES = 16;
const BAND_TOP = 58;
const BAND_HEIGHT = 34;
const BAND_BOTTOM = BAND_TOP + BAND_HEIGHT;
const AXIS_Y = BAND_BOTTOM + 92;
const HEIGHT = AXIS_Y + 40;
/** How far the tip of an arrow goes ahead of its piece. */
const TIP = 7;
/** A piece narrower than this has no label; the pointer shows it. */
const LEAST_LABELLED = 36;
const LABEL_LINES = 2;
const LABEL_HEIGHT = 36;

/** A contribution's part of the band. */
type Piece = { step: Step; from: number; to: number };

/**
 * Two forces against each other: what raises the score pushes from the left to the prediction, what
 * lowers it from the right, the greatest next to it. Both together move the base to the prediction.
 */
export function force(explained: PlottedExplanation): string {
  const steps = stepsOf(explained, "force", MOST_PIECES);
  const prediction = explained.actual_prediction;
  const raising = stacked(prediction, steps, 1);
  const lowering = stacked(prediction, steps, -1);
  const ends = [...raising, ...lowering].map(({ to }) => to);
  const scale = linearScale([prediction, explained.base_prediction, ...ends], {
    range: [MARGIN + 8, WIDTH - MARGIN - 8],
    pad: 0.02,
  });
  return figure({
    ...headingOf(
      explained,
      `What pushes the score from base to prediction, by ${METHOD_TITLES[explained.method]}`,
    ),
    description: describeContributions(explained),
    legend: SIGN_LEGEND,
    body: drawBand(explained, [...raising, ...lowering], scale),
  });
}

/** The contributions of one sign, from the prediction outwards. */
function stacked(prediction: number, steps: readonly Step[], sign: number): Piece[] {
  let reached = prediction;
  return steps
    .filter(({ contribution }) => Math.sign(contribution) === sign)
    .toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
    .map((step) => {
      const from = reached;
      reached -= step.contribution;
      return { step, from, to: reached };
    });
}

function drawBand(
  { base_prediction, actual_prediction }: PlottedExplanation,
  pieces: readonly Piece[],
  scale: Scale,
): Drawn {
  const [left, right] = scale.domain.map(scale.at) as [number, number];
  return {
    content: [
      ...pointers(scale, base_prediction, actual_prediction),
      ...pieces.map((piece) => drawPiece(piece, scale)),
      ...labels(pieces, scale),
      axisLine(left, AXIS_Y, right, AXIS_Y),
      ...scale.ticks.flatMap(({ value, label: text }) => [
        axisLine(scale.at(value), AXIS_Y, scale.at(value), AXIS_Y + 4),
        element(
          "text",
          { class: "muted small", x: scale.at(value), y: AXIS_Y + 17, "text-anchor": "middle" },
          text,
        ),
      ]),
      element(
        "text",
        { class: "muted", x: (left + right) / 2, y: AXIS_Y + 36, "text-anchor": "middle" },
        "score",
      ),
    ],
    height: HEIGHT,
  };
}

/** Base and prediction above the band, moved apart where they would lie over each other. */
function pointers(scale: Scale, base: number, prediction: number): Element[] {
  const marks = [
    {
      text: `base ${numeral(base)}`,
      x: scale.at(base),
      classes: "muted",
      line: "line axis dashed",
    },
    {
      text: `prediction ${numeral(prediction)}`,
      x: scale.at(prediction),
      classes: "strong",
      line: "line",
    },
  ].map((one) => ({ ...one, width: textWidth(one.text, FONT.text) * 1.1 }));
  const placed = marks.map((one) => ({
    ...one,
    centre: Math.min(Math.max(one.x, MARGIN + one.width / 2), WIDTH - MARGIN - one.width / 2),
  }));
  const [first, second] = placed;
  const isTight =
    first !== undefined &&
    second !== undefined &&
    Math.abs(first.centre - second.centre) < (first.width + second.width) / 2 + 8;
  return placed.flatMap(({ text, x, classes, line, centre }, at) => {
    const y = isTight && at === 0 ? 14 : 34;
    return [
      element("line", { class: line, x1: x, y1: y + 6, x2: x, y2: BAND_BOTTOM + 6 }),
      element("text", { class: classes, x: centre, y, "text-anchor": "middle" }, text),
    ];
  });
}

function drawPiece({ step, from, to }: Piece, scale: Scale): Element {
  const tone = toneOf(step.contribution);
  const d = arrow(scale.at(from), scale.at(to));
  return element(
    "g",
    { class: "piece" },
    tooltip(step.tooltip),
    element("path", { class: tone, d }),
  );
}

type Placed = { step: Step; x: number; line: number };

/** Names under the pieces that are wide enough, by turns on two lines, so that each has room for more. */
function labels(pieces: readonly Piece[], scale: Scale): Element[] {
  const print = signedAlike(pieces.map(({ step }) => step.contribution));
  const placed = pieces
    .map((piece) => ({ ...piece, ends: [scale.at(piece.from), scale.at(piece.to)] as const }))
    .filter(({ ends: [inner, outer] }) => Math.abs(inner - outer) >= LEAST_LABELLED)
    .map(({ step, ends: [inner, outer] }) => ({ step, x: (inner + outer) / 2 }))
    .toSorted((a, b) => a.x - b.x)
    .map((one, at): Placed => ({ ...one, line: at % LABEL_LINES }));
  return placed.flatMap((one, at) => drawLabel(one, roomFor(placed, at), print));
}

/** Up to half-way to the neighbours on the same line, and to the margins. */
function roomFor(placed: readonly Placed[], at: number): number {
  const x = placed[at]?.x ?? 0;
  const before = placed[at - LABEL_LINES]?.x ?? 2 * MARGIN - x;
  const after = placed[at + LABEL_LINES]?.x ?? 2 * (WIDTH - MARGIN) - x;
  return Math.min(x - before, after - x) - 8;
}

function drawLabel({ step, x, line }: Placed, width: number, print: (value: number) => string) {
  const y = BAND_BOTTOM + 20 + line * LABEL_HEIGHT;
  const place = { x, width, anchor: "middle", size: FONT.small } as const;
  return [
    ...(line === 0 ? [] : [axisLine(x, BAND_BOTTOM + 4, x, y - 11)]),
    label(step.name, { ...place, y, class: "small" }),
    label(print(step.contribution), {
      ...place,
      y: y + 14,
      class: `small ${toneOf(step.contribution)}_text`,
    }),
  ];
}

/** A piece of the band, pointing to the prediction at its inner end, with a gap to the next. */
function arrow(inner: number, outer: number): string {
  const direction = Math.sign(inner - outer) || 1;
  const width = Math.abs(inner - outer);
  const tip = direction * Math.min(TIP, width / 2);
  const gap = direction * Math.min(1.5, width / 4);
  const [start, end] = [outer + gap, inner];
  const middle = BAND_TOP + BAND_HEIGHT / 2;
  const c = coordinate;
  return [
    `M${c(start)} ${BAND_TOP}L${c(end - tip)} ${BAND_TOP}L${c(end)} ${middle}`,
    `L${c(end - tip)} ${BAND_BOTTOM}L${c(start)} ${BAND_BOTTOM}L${c(start + tip)} ${middle}Z`,
  ].join("");
}
