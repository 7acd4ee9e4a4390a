import { figure, type Drawn } from "./figure.ts";
import { counted } from "./numerals.ts";
import {
  cannotPlot,
  contributionInWords,
  describeContributions,
  headingOf,
  METHOD_TITLES,
  SIGN_LEGEND,
  type PlottedContribution,
  type PlottedExplanation,
} from "./plotted-explanation.ts";
import { extentOf } from "./scale.ts";
import { MARGIN, toneOf, WIDTH } from "./style.ts";
import { element, tooltip, type Element } from "./svg.ts";
import { fitted, textWidth } from "./text-width.ts";

const SIZE = 15;
const LINE = 30;
const PADDING = 5;
const MOST_WORDS = 600;
/** The words on it stay legible. */
const DEEPEST = 0.6;

type Placed = {
  text: string;
  whole: string;
  x: number;
  line: number;
  width: number;
  one: PlottedContribution | null;
};

/** The words in their order, each on the colour of what it contributes. */
export function text(explained: PlottedExplanation): string {
  const { words } = explained;
  if (words === null) throw cannotPlot("text", "it is not of a text");
  const contributionOf = byPlayer(explained);
  const shown = words.slice(0, MOST_WORDS);
  const placed = inLines(
    shown.map(({ text, player }) => ({
      whole: text,
      one: player === null ? null : contributionOf(player, text),
    })),
  );
  const hidden = words.length - shown.length;
  return figure({
    ...headingOf(explained, `What each word contributes, by ${METHOD_TITLES[explained.method]}`),
    description: describeContributions(explained),
    legend: SIGN_LEGEND,
    footnotes: hidden > 0 ? [`${counted(hidden, "further word")} not shown.`] : [],
    body: drawWords(placed),
  });
}

/** A player is a place among all contributions; where only the greatest are listed, words go by their names. */
function byPlayer({ feature_contributions, feature_count }: PlottedExplanation) {
  const isWhole = feature_contributions.length === feature_count;
  const named = new Map(feature_contributions.map((one) => [one.feature_name, one]));
  return (player: number, word: string): PlottedContribution | null =>
    (isWhole ? feature_contributions[player] : named.get(word)) ?? null;
}

function inLines(words: readonly Pick<Placed, "whole" | "one">[]): Placed[] {
  const room = WIDTH - 2 * MARGIN;
  let [x, line] = [0, 0];
  return words.map(({ whole, one }) => {
    const text = fitted(whole, SIZE, room - 2 * PADDING);
    const width = textWidth(text, SIZE) + 2 * PADDING;
    if (x > 0 && x + width > room) [x, line] = [0, line + 1];
    const placed = { text, whole, x: MARGIN + x, line, width, one };
    x += width + 2;
    return placed;
  });
}

function drawWords(placed: readonly Placed[]): Drawn {
  const [low, high] = extentOf(
    placed.flatMap(({ one }) => (one === null ? [] : [one.contribution])),
  );
  const greatest = Math.max(-low, high);
  return {
    content: placed.map((word) => drawWord(word, greatest)),
    height: ((placed.at(-1)?.line ?? -1) + 1) * LINE,
  };
}

function drawWord({ text, whole, x, line, width, one }: Placed, greatest: number): Element {
  const y = line * LINE;
  const strength = one === null || greatest === 0 ? 0 : Math.abs(one.contribution) / greatest;
  return element(
    "g",
    { class: "word" },
    tooltip(one === null ? whole : contributionInWords(one)),
    ...(one === null || strength === 0
      ? []
      : [
          element("rect", {
            class: toneOf(one.contribution),
            x,
            y,
            width,
            height: LINE - 6,
            rx: 3,
            opacity: strength * DEEPEST,
          }),
        ]),
    element(
      "text",
      {
        x: x + PADDING,
        y: y + 17,
        "font-size": SIZE,
        // Makes up for what the estimate of the width is off.
        textLength: width - 2 * PADDING,
        lengthAdjust: "spacingAndGlyphs",
      },
      text,
    ),
  );
}
