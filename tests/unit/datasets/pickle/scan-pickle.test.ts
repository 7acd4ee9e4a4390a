import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import { scanPickle } from "../../../../domain/datasets/formats/pickle/scan-pickle.ts";
import { arriving, endsWell, problemOf, utf8 } from "../../../fixtures/dataset-tables.ts";
import { vectorJson } from "../../../fixtures/dataset-vectors.ts";

type Vectors = {
  pickles: Record<string, Record<string, { base64: string; imports: [string, string][] }>>;
};

const { pickles } = vectorJson("pickle/pickles.json") as Vectors;
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));
const scan = (bytes: Uint8Array): ReturnType<typeof scanPickle> => scanPickle(sourceOf(bytes));

const VERDICTS: Record<string, string> = {
  plain: "data",
  arrays: "data",
  system: "dangerous",
  eval: "dangerous",
  popen: "dangerous",
  getter: "dangerous",
  own: "data",
  unknown: "unknown",
};

describe("pickles that Python has written", () => {
  for (const [name, versions] of Object.entries(pickles))
    for (const [protocol, { base64, imports }] of Object.entries(versions))
      test(`${name} in protocol ${protocol} has the imports that Python lists`, async () => {
        const found = await scanPickle(arriving(bytesOf(base64), 5));
        const distinct = [...new Set(imports.map((pair) => pair.join(" ")))];
        expect(found.imports.map(({ module, name }) => `${module} ${name}`)).toEqual(distinct);
        expect(found.protocol).toBe(Number(protocol));
        expect(found.warnings).toEqual([]);
        const verdicts = new Set(found.imports.map(({ verdict }) => verdict));
        // A class of its own is made of what copyreg has.
        expect([...verdicts].filter((verdict) => verdict !== "data")).toEqual(
          [VERDICTS[name]].filter((verdict) => verdict !== "data"),
        );
      });

  test("every beginning is refused", async () => {
    for (const versions of [pickles["plain"], pickles["system"]])
      for (const { base64 } of Object.values(versions ?? {})) {
        const bytes = bytesOf(base64);
        for (let length = 0; length < bytes.length; length++)
          expect((await problemOf(scan(bytes.subarray(0, length)))).code).toBe("file_invalid");
      }
  });
});

describe("pickles that hide what they import", () => {
  const HIDDEN: [how: string, pickle: string, module: string, name: string][] = [
    [
      "a name recalled from the memo",
      "\x80\x04\x8c\x02os\x94\x8c\x06system\x9400h\x00h\x01\x93.",
      "os",
      "system",
    ],
    ["a name doubled and dropped", "\x80\x04\x8c\x02os2\x30\x8c\x06system\x93.", "os", "system"],
    ["protocol 0's instance", "(S'true'\nios\nsystem\n.", "os", "system"],
    ["a class on the stack", "(cos\nsystem\nS'true'\no.", "os", "system"],
    ["text of the first protocol", "\x80\x04Vos\nVsystem\n\x93.", "os", "system"],
    ["texts of Python 2", "\x80\x04U\x02osU\x06system\x93.", "os", "system"],
    ["a frame", "\x80\x04\x95\x0c\0\0\0\0\0\0\0\x8c\x02os\x8c\x06system\x93.", "os", "system"],
    ["a detour over an attribute", "cnumpy\nf2py.os.system\n.", "numpy", "f2py.os.system"],
    ["a detour over a module", "cnumpy\nf2py.os.remove\n.", "numpy", "f2py.os.remove"],
    ["a name that is made while loading", "\x80\x04]\x8c\x06system\x93.", "?", "?"],
    ["a registered extension", "\x80\x02\x82\x05.", "copyreg", "extension 5"],
    ["a second pickle", "\x80\x02K\x01.cos\nsystem\n.", "os", "system"],
  ];
  for (const [how, pickle, module, name] of HIDDEN)
    test(`${how} is found`, async () => {
      const bytes = Uint8Array.from(pickle, (character) => character.charCodeAt(0));
      const { imports } = await scan(bytes);
      const expected = module === "copyreg" ? "unknown" : "dangerous";
      expect(imports).toEqual([{ module, name, verdict: expected }]);
    });
});

test("what follows a pickle and is none is told of", async () => {
  const found = await scan(utf8("I1\n.\u0001\u0002"));
  expect(found.warnings).toEqual([expect.stringContaining("byte 4")]);
});

test("references to objects outside are told of", async () => {
  expect((await scan(utf8("Pid\n."))).warnings).toEqual([expect.stringContaining("persistent")]);
});

test("a long pickle is passed over without being held", async () => {
  const length = 3_000_000;
  const bytes = new Uint8Array(length + 6).fill(0x2e);
  bytes.set([0x42, ...new Uint8Array(Uint32Array.of(length).buffer)]);
  expect(await scanPickle(arriving(bytes, 100_000))).toEqual({
    protocol: 3,
    imports: [],
    warnings: [],
  });
});

const REFUSED: [why: string, pickle: string, code: string][] = [
  ["nothing", "", "file_invalid"],
  ["garbage", "hello world", "file_invalid"],
  ["a value that is not there", "0.", "file_invalid"],
  ["a list that was not begun", "l.", "file_invalid"],
  ["a length beyond the file", "B\xff\xff\xff\x7fx.", "file_invalid"],
  ["a length below zero", "T\xff\xff\xff\xffx.", "file_invalid"],
  ["a line without an end", "I12", "file_invalid"],
  ["a protocol to come", "\x80\x09N.", "file_unsupported"],
  ["a million values at once", "N".repeat(1_000_001), "file_too_large"],
  ["a million lists in lists", "(".repeat(1_000_001), "file_too_large"],
  [
    "two thousand imports",
    Array.from({ length: 2000 }, (_, at) => `ca\nb${at}\n0`).join(""),
    "file_too_large",
  ],
];
for (const [why, pickle, code] of REFUSED)
  test(`${why} is refused`, async () => {
    const bytes = Uint8Array.from(pickle, (character) => character.charCodeAt(0));
    expect((await problemOf(scan(bytes))).code).toBe(code);
  });

test("any bytes are scanned or refused", () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.values(pickles["arrays"] ?? {})),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
      async ({ base64 }, changes) => {
        const bytes = bytesOf(base64);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        await endsWell(scan(bytes));
      },
    ),
    { numRuns: 200 },
  ));
