import type { Groups } from "../game.ts";
import type { PlayerKind } from "../explanation.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Rows } from "../rows.ts";
import type { Subject } from "./subject.ts";

/** Whoever gets a contribution: its name, and the numbers of a row that are its own. */
export type Players = {
  readonly kind: PlayerKind;
  readonly names: readonly string[];
  readonly members: Groups;
};

/** Each number of a row for itself. */
export const elementPlayers = ({ feature_names, layout, kind }: Subject): Players => ({
  kind: kind === "table" ? "features" : "elements",
  names: feature_names,
  members: Array.from({ length: layout.size }, (_, at) => [at]),
});

/** The groups, and each feature that is in none by itself. Throws `ExplainFault` for a feature that is not there, or in two. */
export function groupPlayers(subject: Subject, groups: Record<string, string[]>): Players {
  const indexOf = new Map(subject.feature_names.map((name, at) => [name, at]));
  const taken = new Map<number, string>();
  const named = Object.entries(groups).map(([group, features]): [string, number[]] => {
    const members = features.map((feature) => memberOf(indexOf, feature, `groups.${group}`));
    for (const [at, member] of members.entries()) {
      const other = taken.get(member);
      if (other !== undefined)
        throw new ExplainFault(
          "option_invalid",
          `feature '${features[at] ?? ""}' is ${other === group ? `twice in the group '${group}'` : `in the groups '${other}' and '${group}'; it can be in one`}`,
          `groups.${group}`,
        );
      taken.set(member, group);
    }
    return [group, members];
  });
  const alone = subject.feature_names.flatMap((name, at): [string, number[]][] =>
    taken.has(at) ? [] : [[name, [at]]],
  );
  const all = [...named, ...alone];
  const clash = alone.find(([name]) => Object.hasOwn(groups, name));
  if (clash !== undefined)
    throw new ExplainFault(
      "option_invalid",
      `the group '${clash[0]}' has the name of a feature that is not in it`,
      `groups.${clash[0]}`,
    );
  return {
    kind: "groups",
    names: all.map(([name]) => name),
    members: all.map(([, members]) => members),
  };
}

/** Where a feature lies in a row. Throws `ExplainFault` (feature_unknown) with the names there are. */
export function memberOf(
  indexOf: ReadonlyMap<string, number>,
  feature: string,
  field: string,
): number {
  const found = indexOf.get(feature);
  if (found !== undefined) return found;
  const known = [...indexOf.keys()].slice(0, 20).map((name) => `'${name}'`);
  throw new ExplainFault(
    "feature_unknown",
    `the model has no feature '${feature}'; it has ${known.join(", ")}${indexOf.size > 20 ? ", …" : ""}`,
    field,
  );
}

/** What the instance has for a player: a number, a text, or null where it is more than one value. */
export function valueOf(
  { layout }: Subject,
  instance: Rows,
  members: readonly number[],
): number | string | null {
  const [at, ...others] = members;
  if (at === undefined || others.length > 0) return null;
  const port = layout.ports.find(({ offset, count }) => at >= offset && at < offset + count);
  const value = instance[at] ?? 0;
  const text = port?.categories?.[at - port.offset]?.[value];
  // Seven digits tell all that a float32 holds: 18.81, and not the 18.809999465942383 nearest to it.
  return text ?? (port?.type === "float32" ? Number(value.toPrecision(7)) : value);
}
