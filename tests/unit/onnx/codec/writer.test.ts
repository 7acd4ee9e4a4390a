import { describe, expect, test } from "vitest";
import { Writer } from "../../../../domain/onnx/codec/writer.ts";
import { float, tag, varint } from "./wire.ts";

function written(write: (writer: Writer) => void): number[] {
  const writer = new Writer();
  write(writer);
  expect(writer.length).toBe(writer.finish().length);
  return [...writer.finish()];
}

describe("a writer", () => {
  test("puts what comes later before what came earlier", () => {
    const bytes = written((writer) => {
      writer.text("later");
      writer.integer(5);
      writer.tag(3, 2);
    });
    expect(bytes).toEqual([...tag(3, 2), 5, ...new TextEncoder().encode("later")]);
  });

  test.each([0, 127, 128, 2 ** 35, Number.MAX_SAFE_INTEGER, -1, Number.MIN_SAFE_INTEGER])(
    "writes %i",
    (value) => {
      expect(written((writer) => writer.integer(value))).toEqual(varint(value));
    },
  );

  test("clamps what is beyond an int64", () => {
    expect(written((writer) => writer.integer(1e30))).toEqual(varint(2n ** 63n - 1n));
    expect(written((writer) => writer.integer(-1e30))).toEqual(varint(-(2n ** 63n)));
  });

  test.each(["", "name", "Größe", "a".repeat(200) + "é"])("writes '%s' as UTF-8", (value) => {
    expect(written((writer) => writer.text(value))).toEqual([...new TextEncoder().encode(value)]);
  });

  test("writes a float32", () => {
    expect(written((writer) => writer.float32(0.1))).toEqual(float(0.1));
  });

  test("grows", () => {
    const large = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);
    const bytes = written((writer) => {
      writer.raw(Uint8Array.of(7));
      writer.raw(large);
      writer.integer(1);
    });
    expect(bytes.length).toBe(100_002);
    expect([bytes[0], bytes[1], bytes[300], bytes.at(-1)]).toEqual([1, 0, 299 % 251, 7]);
  });
});
