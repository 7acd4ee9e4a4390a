/** What collecting needs to know of a version. */
export type KeptVersion = {
  version_number: number;
  created_at: number;
  is_head: boolean;
  pinned: boolean;
  tags: readonly string[];
  used_by: readonly string[];
};

/** `keep_last` of the latest versions stay, and those younger than `keep_days`. */
export type RetentionRule = { keep_last?: number | undefined; keep_days?: number | undefined };

const DAY_MS = 86_400_000;
const NAMED = 5;

/**
 * Why each version stays; one without a reason may go. What something depends on always stays:
 * age alone removes nothing, and without a rule everything stays.
 *
 * @param versions newest first
 * @param now milliseconds since 1970
 */
export function reasonsToKeep(
  versions: readonly KeptVersion[],
  rule: RetentionRule | null,
  now: number,
): string[][] {
  const { keep_last, keep_days } = rule ?? {};
  const isUnruled = keep_last === undefined && keep_days === undefined;
  return versions.map((version, at) => {
    const { is_head, pinned, tags, used_by, created_at } = version;
    const others = used_by.length > NAMED ? ` and ${used_by.length - NAMED} more` : "";
    return [
      ...(is_head ? ["it is the head"] : []),
      ...(pinned ? ["it is pinned"] : []),
      ...(tags.length > 0 ? [`it is tagged ${tags.join(", ")}`] : []),
      ...(used_by.length > 0 ? [`used by ${used_by.slice(0, NAMED).join(", ")}${others}`] : []),
      ...(isUnruled ? ["the dataset has no retention rule"] : []),
      ...(keep_last !== undefined && at < keep_last
        ? [keep_last === 1 ? "it is the latest" : `it is one of the latest ${keep_last} versions`]
        : []),
      ...(keep_days !== undefined && created_at > now - keep_days * DAY_MS
        ? [`it is younger than ${keep_days === 1 ? "a day" : `${keep_days} days`}`]
        : []),
    ];
  });
}
