import { expect, it } from "vitest";
import { placesBetween, runsOf } from "../../../../domain/datasets/formats/hdf5/box.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";

/** The place of an element in an array of these sizes. */
const flat = (at: readonly number[], shape: readonly number[]): number =>
  at.reduce((sum, index, axis) => sum * (shape[axis] ?? 1) + index, 0);

it("runs copy each element of a box from where it is to where it belongs, once, in order", () => {
  const draws = seededRandom("boxes");
  for (let round = 0; round < 300; round++) {
    const rank = draws.integer(5);
    const sizes = (least: readonly number[]): number[] =>
      least.map((size) => size + (draws.integer(2) === 0 ? 0 : draws.integer(3)));
    const count = Array.from({ length: rank }, () => draws.integer(4));
    const [source, target] = [sizes(count), sizes(count)];
    const startIn = (shape: readonly number[]): number[] =>
      shape.map((size, axis) => draws.integer(size - (count[axis] ?? 0) + 1));
    const from = { shape: source, start: startIn(source) };
    const to = { shape: target, start: startIn(target) };
    const copied: [number, number][] = [];
    for (const run of runsOf(count, from, to))
      for (let at = 0; at < run.length; at++) copied.push([run.from + at, run.to + at]);
    const wanted: [number, number][] = [];
    const last = count.map((size) => size - 1);
    if (!count.includes(0))
      for (const place of placesBetween(
        count.map(() => 0),
        last,
      )) {
        const shifted = (start: readonly number[]) =>
          place.map((at, axis) => at + (start[axis] ?? 0));
        wanted.push([flat(shifted(from.start), source), flat(shifted(to.start), target)]);
      }
    expect(copied, `round ${round}: ${[count, source, target].join(" | ")}`).toEqual(wanted);
  }
});
