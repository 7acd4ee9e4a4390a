/** The next combination in the order of the dictionary, in place; of no use after the last. */
export function nextCombination(members: Int32Array, players: number): void {
  let last = members.length - 1;
  while (last > 0 && members[last] === players - members.length + last) last -= 1;
  members[last] = (members[last] ?? 0) + 1;
  for (let at = last + 1; at < members.length; at += 1) members[at] = (members[at - 1] ?? 0) + 1;
}
