import * as fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import { numpyReader } from "../../../../domain/datasets/formats/numpy/numpy-reader.ts";
import {
  columnsOf,
  endsWell,
  problemOf,
  readColumns,
  utf8,
} from "../../../fixtures/dataset-tables.ts";
import { vectorBytes } from "../../../fixtures/dataset-vectors.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";

/** A .npy file with any header. */
function npy(header: string, content: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = utf8(header);
  const length = Uint8Array.of(text.length & 255, text.length >> 8);
  return new Uint8Array(
    Buffer.concat([Uint8Array.of(0x93, 78, 85, 77, 80, 89, 1, 0), length, text, content]),
  );
}

const headerOf = (descr: string, shape: string, order = "False"): string =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

const read = (bytes: Uint8Array): Promise<unknown> => readColumns(numpyReader, bytes);

describe("headers", () => {
  const REFUSED: [why: string, header: string, code: string][] = [
    ["more elements than bytes", headerOf("'<f8'", "(9,)"), "file_invalid"],
    [
      "a shape beyond all numbers",
      headerOf("'|u1'", "(9007199254740991, 9007199254740991)"),
      "file_invalid",
    ],
    ["a negative size", headerOf("'|u1'", "(-1,)"), "file_invalid"],
    ["a size that is no number", headerOf("'|u1'", "('a',)"), "file_invalid"],
    ["rows without bytes", headerOf("'|u1'", "(4503599627370496, 0)"), "file_unsupported"],
    ["texts without bytes", headerOf("'<U0'", "(4503599627370496,)"), "file_unsupported"],
    ["a single value", headerOf("'|u1'", "()"), "file_unsupported"],
    ["complex numbers", headerOf("'<c8'", "(1,)"), "file_unsupported"],
    ["long doubles", headerOf("'<f16'", "(1,)"), "file_unsupported"],
    ["objects", headerOf("'|O'", "(1,)"), "file_unsupported"],
    ["objects within", headerOf("[('a', '<i4'), ('b', '|O')]", "(1,)"), "file_unsupported"],
    ["texts along two axes", headerOf("'|S1'", "(2, 2)"), "file_unsupported"],
    ["an unknown type", headerOf("'hello'", "(1,)"), "file_invalid"],
    ["one field twice", headerOf("[('a', '|i1'), ('a', '|i1')]", "(1,)"), "file_invalid"],
    ["a call", "__import__('os').system('true')", "file_invalid"],
    ["no dictionary", "[1, 2]", "file_invalid"],
    ["a dictionary that lacks a key", "{'descr': '<i4', 'shape': (1,)}", "file_invalid"],
    [
      "a key twice",
      "{'descr': '<i4', 'descr': '<i4', 'fortran_order': False, 'shape': (0,)}",
      "file_invalid",
    ],
    ["lists a thousand deep", `{'descr': ${"[".repeat(1000)}${"]".repeat(1000)}}`, "file_invalid"],
    ["a text that does not end", "{'descr': '<i4", "file_invalid"],
    ["two values", "{}{}", "file_invalid"],
    ["nothing", "", "file_invalid"],
  ];
  for (const [why, header, code] of REFUSED)
    test(`${why}: refused`, async () => {
      expect((await problemOf(read(npy(header, new Uint8Array(64))))).code).toBe(code);
    });

  test("a row too large for memory is refused, and read in parts", async () => {
    const wide = npy(
      headerOf("'|u1'", `(1, ${40 * 1024 * 1024})`),
      new Uint8Array(40 * 1024 * 1024),
    );
    const table = await numpyReader(nodePlatform).read(sourceOf(wide), {});
    expect((await problemOf(columnsOf(table))).code).toBe("file_too_large");
    const part = await table.slice?.("value", 0, 1_000_000, 1_000_003);
    expect(part).toEqual({ dims: [3], data: new Uint8Array(3) });
  });

  test("what numpy and Python 2 write otherwise is read", async () => {
    const content = Uint8Array.of(1, 2, 3);
    const headers = [
      "{'shape': (3L,), 'fortran_order': False, 'descr': '|u1'}",
      `{"descr": "|u1", "fortran_order": False, "shape": (3,)}`,
      "{'descr': [(('a title', 'value'), 'u1', ())], 'fortran_order': False, 'shape': (3,), }   \n",
    ];
    for (const header of headers) expect(await read(npy(header, content))).toEqual([[1, 2, 3]]);
  });
});

describe("archives", () => {
  const array = (count: number): Uint8Array =>
    npy(headerOf("'|u1'", `(${count},)`), new Uint8Array(count));

  test("another writer's are read", async () => {
    const zip = zipSync({ "a.npy": [array(3), { level: 9 }], "b.npy": [array(3), { level: 0 }] });
    expect(await read(zip)).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  test("a size that the compressed bytes cannot have is refused before they are read", async () => {
    const zip = zipSync({ "a.npy": [array(10), { level: 9 }] });
    const directory = Buffer.from(zip).indexOf(Uint8Array.of(0x50, 0x4b, 1, 2));
    new DataView(zip.buffer).setUint32(directory + 24, 2 ** 31, true);
    const problem = await problemOf(read(zip));
    expect(problem.message).toContain("cannot be");
  });

  test("an entry that is longer than it says is refused where it passes that", async () => {
    const count = 200_000;
    const zip = zipSync({ "a.npy": [array(count), { level: 9 }] });
    const directory = Buffer.from(zip).indexOf(Uint8Array.of(0x50, 0x4b, 1, 2));
    const view = new DataView(zip.buffer);
    view.setUint32(directory + 24, 100_000, true);
    expect((await problemOf(read(zip))).code).toBe("file_invalid");
    view.setUint32(directory + 24, array(count).length, true);
    expect(await endsWell(read(zip))).toBe(true);
    view.setUint32(directory + 16, 1, true);
    expect((await problemOf(read(zip))).message).toContain("check");
  });

  test("sizes and places of 64 bits are read", async () => {
    const zip = zipSync({ "a.npy": [array(3), { level: 9 }] });
    const directory = Buffer.from(zip).indexOf(Uint8Array.of(0x50, 0x4b, 1, 2));
    const end = Buffer.from(zip).indexOf(Uint8Array.of(0x50, 0x4b, 5, 6));
    const before = new DataView(zip.buffer, directory);
    const wide = new DataView(new ArrayBuffer(28));
    wide.setUint16(0, 1, true);
    wide.setUint16(2, 24, true);
    [24, 20, 42].forEach((field, at) => {
      wide.setBigUint64(4 + at * 8, BigInt(before.getUint32(field, true)), true);
      before.setUint32(field, 0xffffffff, true);
    });
    before.setUint16(30, 28, true);
    const entry = Buffer.concat([zip.subarray(directory, end), new Uint8Array(wide.buffer)]);
    const ends = new DataView(new ArrayBuffer(56 + 20));
    ends.setUint32(0, 0x06064b50, true);
    ends.setBigUint64(32, 1n, true);
    ends.setBigUint64(40, BigInt(entry.length), true);
    ends.setBigUint64(48, BigInt(directory), true);
    ends.setUint32(56, 0x07064b50, true);
    ends.setBigUint64(64, BigInt(directory + entry.length), true);
    const tail = zip.slice(end);
    tail.fill(0xff, 8, 20);
    const parts = [zip.subarray(0, directory), entry, new Uint8Array(ends.buffer), tail];
    expect(await read(new Uint8Array(Buffer.concat(parts)))).toEqual([[0, 0, 0]]);
  });

  test("another method, encryption and no arrays are refused by name", async () => {
    const forge = (offset: number, value: number): Uint8Array => {
      const zip = Uint8Array.from(zipSync({ "a.npy": array(3) }));
      const directory = Buffer.from(zip).indexOf(Uint8Array.of(0x50, 0x4b, 1, 2));
      new DataView(zip.buffer).setUint16(directory + offset, value, true);
      return zip;
    };
    expect((await problemOf(read(forge(10, 12)))).message).toContain("method 12");
    expect((await problemOf(read(forge(8, 1)))).message).toContain("encrypted");
    expect((await problemOf(read(zipSync({ "a.txt": utf8("x") })))).message).toContain("no array");
    expect((await problemOf(read(zipSync({})))).message).toContain("no array");
  });

  test("reading fails with what the source fails with", async () => {
    const bytes = vectorBytes("numpy/deflated.npz");
    const inner = sourceOf(bytes);
    let isBroken = false;
    const table = await numpyReader(nodePlatform).read(
      {
        size: bytes.length,
        read: (offset, length) =>
          isBroken && length > 30 ? Promise.reject(new Error("lost")) : inner.read(offset, length),
      },
      {},
    );
    isBroken = true;
    await expect(columnsOf(table)).rejects.toThrow("lost");
  });
});

test("any changed byte leaves a table or is refused", () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom("texts-and-times.npy", "f-order.npy", "stored.npz", "deflated.npz"),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 3,
      }),
      async (name, changes) => {
        const bytes = vectorBytes(`numpy/${name}`);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        await endsWell(read(bytes));
      },
    ),
    { numRuns: 600 },
  ));
