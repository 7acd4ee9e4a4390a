import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Turns } from "../../../workers/shared/turns.ts";

const MS = 1_000;
const turnsOf = (mostWaiting: number) =>
  new Turns(mostWaiting, {
    ms: MS,
    wait: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
  });

/** Notes the name when the turn begins. */
function noting(turns: Turns, name: string, begun: string[]) {
  const turn = turns.take();
  if (turn === null) throw new Error(`no turn for ${name}`);
  void turn.begun.then(() => begun.push(name));
  return turn;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("one at a time, in order", async () => {
  const begun: string[] = [];
  const turns = turnsOf(2);
  const a = noting(turns, "a", begun);
  const b = noting(turns, "b", begun);
  noting(turns, "c", begun);
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual(["a"]);
  a.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual(["a", "b"]);
  b.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual(["a", "b", "c"]);
});

test("only so many wait, and a place is free again when one has ended", () => {
  const turns = turnsOf(1);
  const a = turns.take();
  expect(turns.take()).not.toBeNull();
  expect(turns.take()).toBeNull();
  expect(turns.taken).toBe(2);
  a?.end();
  expect(turns.take()).not.toBeNull();
});

test("one that dies without an end is waited for no longer than a turn, and then forgotten", async () => {
  const begun: string[] = [];
  const turns = turnsOf(1);
  noting(turns, "dead", begun);
  noting(turns, "next", begun);
  await vi.advanceTimersByTimeAsync(MS - 1);
  expect(begun).toEqual(["dead"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(begun).toEqual(["dead", "next"]);
  expect(turns.take()).toBeNull();
  await vi.advanceTimersByTimeAsync(MS + 1);
  expect(turns.take()).not.toBeNull();
});
