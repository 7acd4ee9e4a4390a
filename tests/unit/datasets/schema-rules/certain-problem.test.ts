import { array, assert, asyncProperty, boolean, constantFrom, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import { FORMAT_TABLE, readerOf } from "../../../../domain/datasets/formats/formats.ts";
import { SAMPLE_ROWS } from "../../../../domain/datasets/formats/limits.ts";
import { COLUMN_TYPES, type Field } from "../../../../domain/datasets/schema.ts";
import { certainProblem } from "../../../../domain/datasets/schema-rules/certain-problem.ts";
import {
  EVOLUTION_MODES,
  type EvolutionMode,
  evolutionProblems,
} from "../../../../domain/datasets/schema-rules/evolution.ts";
import { utf8 } from "../../../fixtures/dataset-tables.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";
import { bytesField, example, framed, int64s, packedFloats } from "../tfrecord/make-tfrecord.ts";

type Kind = "none" | "truth" | "whole" | "long" | "fraction" | "day" | "time" | "text" | "list";

const CSV: Record<Kind, string> = {
  none: "",
  truth: "true",
  whole: "12",
  long: "9007199254740993",
  fraction: "0.5",
  day: "2026-11-21",
  time: "2026-11-21T17:00:00Z",
  text: "warm",
  list: "[1]",
};
const JSON_TEXT: Record<Kind, string> = {
  ...CSV,
  none: "null",
  day: `"${CSV.day}"`,
  time: `"${CSV.time}"`,
  text: `"${CSV.text}"`,
};
const FEATURES: Record<Kind, Uint8Array> = {
  // A feature without a list.
  none: new Uint8Array(0),
  truth: int64s([1n]),
  whole: int64s([12n]),
  long: int64s([1n, 2n, 3n]),
  fraction: packedFloats([0.5]),
  day: packedFloats([0.5, 1.5]),
  time: bytesField([Uint8Array.of(0xff)]),
  text: bytesField([utf8("warm")]),
  list: bytesField([utf8("warm"), utf8("cold")]),
};

/** A row with such a value of `v`, which of JSON is not there where there is none. */
const ROWS = {
  csv: (kind: Kind) => utf8(`1,${CSV[kind]}\n`),
  json: (kind: Kind) => utf8(`{"n":1${kind === "none" ? "" : `,"v":${JSON_TEXT[kind]}`}}\n`),
  tfrecord: (kind: Kind) => framed(example({ n: int64s([1n]), v: FEATURES[kind] })),
};
type Guessed = keyof typeof ROWS;
const GUESSED = Object.keys(ROWS) as Guessed[];
const KINDS = Object.keys(CSV) as Kind[];

/** The first rows, as many as types are guessed from, take turns with these kinds; then come the others. */
function fileWith(format: Guessed, first: readonly Kind[], later: readonly Kind[]): Uint8Array {
  const turn = first.map(ROWS[format]);
  const rows = Array.from({ length: SAMPLE_ROWS }, (_, row) => turn[row % turn.length] ?? utf8(""));
  const head = format === "csv" ? [utf8("n,v\n")] : [];
  return new Uint8Array(Buffer.concat([...head, ...rows, ...later.map(ROWS[format])]));
}

const guessOf = (format: Guessed, file: Uint8Array) =>
  readerOf(format, nodePlatform).read(sourceOf(file), {});

async function certain(
  format: Guessed,
  old: Omit<Field, "name">,
  first: readonly Kind[],
  mode: EvolutionMode = "backward",
): Promise<string | undefined> {
  const table = await guessOf(format, fileWith(format, first, ["none"]));
  const before = { fields: [{ name: "v", ...old }] };
  return certainProblem(before, table, mode)?.rule;
}

describe("of types that were guessed from the first rows", () => {
  const NUMBER = { type: "float64", nullable: true } as const;

  it("text where numbers were is a problem, whatever comes", async () => {
    expect(await certain("csv", NUMBER, ["whole", "text"])).toBe("type_incompatible");
    expect(await certain("csv", NUMBER, ["day"])).toBe("type_incompatible");
  });

  it("whole numbers where fractions were are none: a fraction may come", async () => {
    expect(await certain("csv", NUMBER, ["whole"])).toBeUndefined();
    expect(await certain("csv", NUMBER, ["long"])).toBe("type_incompatible");
  });

  it("a column of nothing yet is none", async () => {
    for (const format of GUESSED)
      expect(await certain(format, NUMBER, ["none"]), format).toBeUndefined();
  });

  it("text in JSON may still become JSON, and text in CSV stays text", async () => {
    const old = { type: "json", nullable: true } as const;
    expect(await certain("json", old, ["text"])).toBeUndefined();
    expect(await certain("csv", old, ["text"])).toBe("type_incompatible");
  });

  it("what may not be null is missed where it may be, or is not there", async () => {
    const old = { type: "int64", nullable: false } as const;
    expect(await certain("csv", old, ["whole"], "forward")).toBe("null_not_allowed");
    expect(await certain("json", old, ["none"], "forward")).toBe("column_missing");
  });

  it("one number in each record may become lists, and lists of one length those of any", async () => {
    const number = { type: "int64", nullable: true } as const;
    const list = (size: number | null): Omit<Field, "name"> => ({ ...number, shape: [size] });
    expect(await certain("tfrecord", list(null), ["whole"])).toBeUndefined();
    expect(await certain("tfrecord", list(2), ["long"])).toBeUndefined();
    expect(await certain("tfrecord", number, ["long"])).toBe("shape_incompatible");
    expect(await certain("tfrecord", NUMBER, ["whole"])).toBe("type_incompatible");
    const texts = { type: "binary", nullable: true } as const;
    expect(await certain("tfrecord", texts, ["text"])).toBeUndefined();
    expect(await certain("tfrecord", texts, ["list"])).toBe("type_incompatible");
  });
});

it("what is certain after the first rows is a problem after the last", async () => {
  const field = record({
    type: constantFrom(...COLUMN_TYPES),
    nullable: boolean(),
    shape: constantFrom<(number | null)[] | undefined>(undefined, undefined, [2], [3], [null]),
  }).map(({ shape, ...one }): Field => ({ name: "v", ...one, ...(shape && { shape }) }));
  const kinds = (least: number) =>
    array(constantFrom(...KINDS), { minLength: least, maxLength: 3 });
  let decided = 0;
  await assert(
    asyncProperty(
      constantFrom(...GUESSED),
      field,
      kinds(1),
      kinds(0),
      constantFrom(...EVOLUTION_MODES),
      async (format, old, first, later, mode) => {
        const file = fileWith(format, first, later);
        const before = { fields: [old] };
        const infer = FORMAT_TABLE[format].infer?.(nodePlatform)(sourceOf(file), {});
        const whole = await infer?.catch(() => undefined);
        // Values of kinds that one column cannot have at all are refused for themselves.
        if (!whole) return;
        const early = certainProblem(before, await guessOf(format, file), mode);
        if (!early) return;
        decided += 1;
        expect(evolutionProblems(before, whole.schema, mode).errors).not.toEqual([]);
      },
    ),
    { numRuns: 150, seed: 20_261_121 },
  );
  expect(decided).toBeGreaterThan(20);
});
