import { describe, expect, it } from "vitest";
import { byteRangeOf } from "../../domain/byte-range.ts";
import { seededRandom } from "../../domain/statistics/random.ts";

const FILE = { size: 10_000, etag: '"abc"' };
const ask = (range: string | null, if_range: string | null = null, file = FILE) =>
  byteRangeOf({ range, if_range }, file);
const WHOLE = { kind: "whole" };
const NOTHING = { kind: "unsatisfiable" };
const part = (from: number, to: number) => ({ kind: "part", from, to });

describe("a range of bytes", () => {
  it.each([
    // RFC 9110, section 14.1.2, whose examples are of a file of 10,000 bytes.
    ["bytes=0-499", part(0, 500)],
    ["bytes=500-999", part(500, 1_000)],
    ["bytes=-500", part(9_500, 10_000)],
    ["bytes=9500-", part(9_500, 10_000)],
    ["bytes=0-0", part(0, 1)],
    ["bytes=-1", part(9_999, 10_000)],
    // Cut to what there is.
    ["bytes=9999-20000", part(9_999, 10_000)],
    ["bytes=-20000", part(0, 10_000)],
    [`bytes=0-${"9".repeat(400)}`, part(0, 10_000)],
    // The unit in any case, and a list with empty elements and spaces.
    ["BYTES=1-2", part(1, 3)],
    ["bytes= , 1-2 ,", part(1, 3)],
    [" bytes=1-2 ", part(1, 3)],
  ])("is read from %j", (range, expected) => {
    expect(ask(range)).toEqual(expected);
  });

  it.each(["bytes=10000-", "bytes=10000-10000", "bytes=-0", `bytes=${"9".repeat(400)}-`])(
    "is unsatisfiable in %j",
    (range) => {
      expect(ask(range)).toEqual(NOTHING);
    },
  );

  it.each([
    null,
    "",
    "bytes",
    "bytes=",
    "bytes=,",
    "bytes=-",
    "bytes=a-b",
    "bytes=5-4",
    "bytes=1-2-3",
    "bytes=0x1-2",
    "bytes=+1-2",
    "bytes=1.5-2",
    "bytes=1 - 2",
    "bytes 0-5",
    "rows=0-5",
    "xbytes=0-5",
    // Several ranges are answered whole.
    "bytes=0-0,-1",
    "bytes=20000-,0-0",
  ])("is left out of account in %j", (range) => {
    expect(ask(range)).toEqual(WHOLE);
  });

  it("of a file of no bytes is satisfiable only as its end, and then the whole", () => {
    const empty = { size: 0, etag: FILE.etag };
    expect(ask("bytes=-5", null, empty)).toEqual(WHOLE);
    for (const range of ["bytes=0-", "bytes=0-0", "bytes=-0"])
      expect(ask(range, null, empty), range).toEqual(NOTHING);
  });

  it("holds only if the file is still the one that If-Range names", () => {
    expect(ask("bytes=0-0", '"abc"')).toEqual(part(0, 1));
    expect(ask("bytes=0-0", ' "abc" ')).toEqual(part(0, 1));
    // Another, a weak one (section 13.1.5 asks for the strong comparison), a date, no tag at all.
    const others = ['"abd"', 'W/"abc"', "Sat, 21 Nov 2026 09:30:00 GMT", "abc", "", "*"];
    for (const other of others) expect(ask("bytes=0-0", other), other).toEqual(WHOLE);
    expect(ask("bytes=10000-", '"abd"')).toEqual(WHOLE);
  });

  it("lies within the file, whatever is asked for", () => {
    const random = seededRandom("byte ranges");
    const whole = (below: number) => random.integer(below);
    for (let round = 0; round < 2_000; round += 1) {
      const size = whole(20);
      const [a, b] = [whole(25), whole(25)];
      const asked = [`${a}-${b}`, `${a}-`, `-${a}`][whole(3)] ?? "";
      const found = ask(`bytes=${asked}`, null, { ...FILE, size });
      // By counting, each byte of the file being in the range or not.
      const within = (at: number) =>
        asked.startsWith("-") ? at >= size - a : at >= a && (asked.endsWith("-") || at <= b);
      const bytes = Array.from({ length: size }, (_, at) => at).filter(within);
      if (found.kind === "part")
        expect(bytes, `${asked} of ${size}`).toEqual(
          Array.from({ length: found.to - found.from }, (_, at) => found.from + at),
        );
      else if (found.kind === "unsatisfiable") expect(bytes, `${asked} of ${size}`).toEqual([]);
      else expect(a > b || size === 0, `${asked} of ${size}`).toBe(true);
    }
  });
});
