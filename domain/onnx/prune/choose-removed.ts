import type { ChannelGroup } from "./channel-groups.ts";

export type Choice = {
  /** The fraction of the channels that are removed. */
  amount: number;
  /** Whether the fraction is of each group (`group`), or of all channels, compared by their score over the mean of their group (`global`). */
  scope?: "group" | "global";
  /** The number of channels left is rounded up to a multiple of it; 1. */
  round_to?: number;
};

/** The classes to remove of each group: the least important ones, and never all of a group. */
export function chooseRemoved(
  groups: readonly ChannelGroup[],
  { amount, scope = "group", round_to = 1 }: Choice,
): number[][] {
  const counts =
    scope === "group"
      ? groups.map(({ classes }) => Math.round(amount * classes.length))
      : globalCounts(groups, amount);
  return groups.map((group, at) => {
    const all = group.classes.length;
    const left = Math.max(1, all - (counts[at] ?? 0));
    const kept = Math.min(all, Math.ceil(left / round_to) * round_to);
    return ranked(group)
      .slice(0, all - kept)
      .map(({ own }) => own);
  });
}

/** The least important first; of equals the first. */
const ranked = ({ classes, scores }: ChannelGroup): { own: number; score: number }[] =>
  classes.map((own, at) => ({ own, score: scores[at] ?? 0 })).sort((a, b) => a.score - b.score);

/** How many of each group are among the least important of all. */
function globalCounts(groups: readonly ChannelGroup[], amount: number): number[] {
  const all = groups.flatMap((group, at) => {
    const mean = group.scores.reduce((sum, score) => sum + score, 0) / group.scores.length;
    return group.scores.map((score) => ({ at, score: mean === 0 ? 0 : score / mean }));
  });
  const least = all.sort((a, b) => a.score - b.score).slice(0, Math.round(amount * all.length));
  return groups.map((_, at) => least.filter((one) => one.at === at).length);
}
