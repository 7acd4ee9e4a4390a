import { takeRows } from "../../onnx/train/samples.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Explained, Method } from "../explanation.ts";
import type { Game } from "../game.ts";
import type { Estimates } from "../estimate.ts";
import { maskedLime } from "../lime/masked-lime.ts";
import { feedsFromRows, rowsFromFeeds } from "../rows.ts";
import { textGame, type TextGame } from "../segments/text-game.ts";
import { exactShapley } from "../shap/exact-shapley.ts";
import { kernelShap } from "../shap/kernel-shap.ts";
import { permutationShap } from "../shap/permutation-shap.ts";
import { filled, type RawText } from "./prepared-rows.ts";
import { scoreFor, type Run, type Task } from "./task.ts";

/** Methods that ask what a text is worth without some of its words. */
const BY_WORDS: Partial<Record<Method, (game: Game, task: Task) => Estimates>> = {
  exact: (game, { request }) => exactShapley(game, { interactions: request.include_interactions }),
  kernel: (game, { request, random }) => {
    const { samples = "auto", l1 } = request.options;
    return kernelShap(game, { samples, random, ...(l1 && { l1 }) });
  },
  permutation: (game, { request, random }) =>
    permutationShap(game, { samples: request.options.samples ?? "auto", random }),
  lime: (game, { request, random }) => {
    const { samples, features, kernel_width, selection } = request.options;
    return maskedLime(game, {
      random,
      removal: "lime_text",
      ...(samples !== undefined && { samples }),
      ...(features !== undefined && { features }),
      ...(kernel_width !== undefined && { kernel_width }),
      ...(selection !== undefined && { selection }),
    });
  },
};

export const isByWords = (method: Method): boolean => BY_WORDS[method] !== undefined;

/** A text explained by its words: hidden is what is left out of it, so that it needs no background. */
export async function runText(task: Task, raw: RawText, row: number): Promise<Run> {
  const explain = BY_WORDS[task.method];
  if (explain === undefined) throw new Error(`'${task.method}' has no words`);
  if (task.request.groups !== null)
    throw new ExplainFault("option_invalid", "a text has words and no groups", "groups");
  const text = raw.texts[row] ?? "";
  const { link = "identity" } = task.request.options;
  const game = textGame(scoreOfTexts(task, raw), text, { link });
  const names = game.words.map(({ word }) => word);
  return {
    players: { kind: "words", names, members: names.map(() => []) },
    estimates: explain(game, task),
    complete: (explained): Explained => ({ ...explained, words: highlighted(text, game) }),
  };
}

/** Texts through their pipeline; what it does not fill stays as the instance has it. */
function scoreOfTexts(task: Task, { run }: RawText) {
  const { subject, instance } = task;
  const score = scoreFor(task);
  const own = feedsFromRows(subject.layout, instance, 0, 1);
  return async (texts: readonly string[]): Promise<Float64Array> => {
    // A text of one word has no coalition between nothing and all.
    if (texts.length === 0) return new Float64Array(0);
    const repeated = Array.from(texts, () => 0);
    const others = Object.entries(own).map(([name, tensor]) => [name, takeRows(tensor, repeated)]);
    const feeds = { ...Object.fromEntries(others), ...filled(run, texts, subject.signature) };
    return score(rowsFromFeeds(subject.layout, feeds).rows, texts.length);
  };
}

/** The text in order, each part with the word that it is. */
function highlighted(text: string, { words }: TextGame): NonNullable<Explained["words"]> {
  const spans = words
    .flatMap(({ spans }, player) => spans.map((span) => ({ ...span, player })))
    .sort((a, b) => a.start - b.start);
  const parts: { text: string; player: number | null }[] = [];
  let at = 0;
  for (const { start, end, player } of spans) {
    if (start > at) parts.push({ text: text.slice(at, start), player: null });
    parts.push({ text: text.slice(start, end), player });
    at = end;
  }
  if (at < text.length) parts.push({ text: text.slice(at), player: null });
  return parts;
}
