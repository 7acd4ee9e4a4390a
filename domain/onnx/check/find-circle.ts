/**
 * Some members of which each leads to the next and the last to the first, or null where there is no
 * such circle. `next` says where a member leads. Without recursion: a chain can be as long as a file.
 */
export function findCircle<Member>(
  members: Iterable<Member>,
  next: (member: Member) => readonly Member[],
): Member[] | null {
  const state = new Map<Member, "on path" | "done">();
  for (const start of members) {
    const path = state.has(start) ? [] : [{ member: start, left: [...next(start)] }];
    state.set(start, state.get(start) ?? "on path");
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const to = top.left.pop();
      if (to === undefined) {
        state.set(top.member, "done");
        path.pop();
      } else if (state.get(to) === "on path") {
        const from = path.findIndex(({ member }) => member === to);
        return path.slice(from).map(({ member }) => member);
      } else if (!state.has(to)) {
        state.set(to, "on path");
        path.push({ member: to, left: [...next(to)] });
      }
    }
  }
  return null;
}
