import { checkFinite, LINKS, type Game, type Link } from "../game.ts";
import { namedOption } from "./option-checks.ts";
import { textPlayers, type Span, type TextPlayer } from "./words.ts";

export type TextGameOptions = {
  /** What stands in place of a word that is hidden; without it the word and the space behind it are left out. */
  readonly mask_token?: string;
  /** Whether each occurrence of a word is a player, rather than the word. */
  readonly by_position?: boolean;
  readonly link?: Link;
};

/** A game with who plays it. */
export type TextGame = Game & { readonly words: readonly TextPlayer[] };

/** The score that is explained, for each text. */
export type TextScore = (texts: readonly string[]) => Promise<Float64Array>;

/**
 * What a classifier says of a text of which only some words are known. What is between the words
 * stays; where words are left out and none remains, the text is empty. Throws `ExplainFault`:
 * value_invalid for a text without a word or a score that is not finite, option_invalid for an
 * unknown link.
 */
export function textGame(score: TextScore, text: string, options: TextGameOptions = {}): TextGame {
  const { mask_token, by_position = false, link = "identity" } = options;
  const linked = namedOption("link", LINKS, link);
  const words = textPlayers(text, by_position);
  const pieces = piecesOf(text, words, mask_token);
  const players = words.length;

  function textOf(masks: Uint8Array, from: number): string {
    const mask = masks.subarray(from, from + players);
    if (mask_token === undefined && !mask.includes(1)) return "";
    return pieces
      .map(({ player, known, hidden }) => (player < 0 || mask[player] === 1 ? known : hidden))
      .join("");
  }

  async function worth(masks: Uint8Array, count: number): Promise<Float64Array> {
    const texts = Array.from({ length: count }, (_, coalition) =>
      textOf(masks, coalition * players),
    );
    const worths = (await score(texts)).map((value) => linked(value));
    checkFinite(worths, link);
    return worths;
  }
  return { players, worth, rows_each: 1, words };
}

/** A stretch of the text: whose it is (-1: nobody's), and what it reads where that player is known or hidden. */
type Piece = { player: number; known: string; hidden: string };

function piecesOf(
  text: string,
  words: readonly TextPlayer[],
  mask_token: string | undefined,
): Piece[] {
  const spans = words
    .flatMap(({ spans: own }, player) =>
      own.map((span): Span & { player: number } => ({ ...span, player })),
    )
    .sort((one, other) => one.start - other.start);
  const pieces: Piece[] = [];
  let at = 0;
  const takeRest = (to: number): void => {
    const between = text.slice(at, to);
    pieces.push({ player: -1, known: between, hidden: between });
  };
  for (const { start, end, player } of spans) {
    takeRest(start);
    const space = mask_token === undefined ? (/^\s*/u.exec(text.slice(end))?.[0] ?? "") : "";
    at = end + space.length;
    pieces.push({ player, known: text.slice(start, at), hidden: mask_token ?? "" });
  }
  takeRest(text.length);
  return pieces;
}
