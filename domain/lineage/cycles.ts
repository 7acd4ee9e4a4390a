import { byNode, EVERYTHING, type Link, neighboursIn, reach, wayTo } from "./reach.ts";

/**
 * The strongly connected components of more than one node, or of one that has a link to itself:
 * whatever lies on a cycle lies in one of them (Tarjan 1972, without recursion).
 */
export function strongComponents<Id>(lists: ReadonlyMap<Id, readonly Id[]>): Id[][] {
  const numbers = new Map<Id, number>();
  const lows = new Map<Id, number>();
  const open: Id[] = [];
  const isOpen = new Set<Id>();
  const found: Id[][] = [];
  const low = (id: Id) => lows.get(id) ?? 0;
  const enter = (id: Id) => {
    lows.set(id, numbers.size);
    numbers.set(id, numbers.size);
    open.push(id);
    isOpen.add(id);
    return { id, next: 0 };
  };
  const close = (id: Id) => {
    const members = open.splice(open.lastIndexOf(id));
    for (const member of members) isOpen.delete(member);
    if (members.length > 1 || lists.get(id)?.includes(id)) found.push(members);
  };
  for (const root of lists.keys()) {
    if (numbers.has(root)) continue;
    const path = [enter(root)];
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
      const neighbour = lists.get(at.id)?.[at.next++];
      if (neighbour !== undefined) {
        const number = numbers.get(neighbour);
        if (number === undefined) path.push(enter(neighbour));
        else if (isOpen.has(neighbour)) lows.set(at.id, Math.min(low(at.id), number));
        continue;
      }
      path.pop();
      const before = path.at(-1);
      if (before) lows.set(before.id, Math.min(low(before.id), low(at.id)));
      if (low(at.id) === numbers.get(at.id)) close(at.id);
    }
  }
  return found;
}

/** A shortest cycle through the first member of each component: it ends where it begins. */
export function cyclesIn<Id>(lists: ReadonlyMap<Id, readonly Id[]>): Id[][] {
  return strongComponents(lists).map((members) => {
    const [first] = members;
    return first === undefined ? [] : cycleThrough(first, members, lists);
  });
}

function cycleThrough<Id>(
  first: Id,
  members: readonly Id[],
  lists: ReadonlyMap<Id, readonly Id[]>,
): Id[] {
  const inside = new Set(members);
  const within = new Map(
    members.map((id) => [id, (lists.get(id) ?? []).filter((other) => inside.has(other))]),
  );
  const reached = reach([first], neighboursIn(within), EVERYTHING);
  // Nearest first.
  const last = [...reached.met.keys()].find((id) => within.get(id)?.includes(first)) ?? first;
  return [...wayTo(reached, last), first];
}

/**
 * The cycle that one of the new links closes, beginning and ending at its node: the link, and a
 * shortest way back. `links` are all that can be reached from the new ones, these included. Null
 * where they close none; cycles of others are not looked for.
 */
export function closedCycle<Id>(
  added: readonly Link<Id>[],
  links: Iterable<Link<Id>>,
): Id[] | null {
  const lists = byNode(links);
  const component = new Map<Id, number>();
  for (const [at, members] of strongComponents(lists).entries())
    for (const id of members) component.set(id, at);
  for (const [from, to] of added) {
    const at = component.get(from);
    if (at === undefined || component.get(to) !== at) continue;
    return [from, ...wayTo(reach([to], neighboursIn(lists), EVERYTHING), from)];
  }
  return null;
}
