import { crc32, inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import { base64 } from "../../../../domain/explain/plots/base64.ts";
import { signedAlike, numeral, signed } from "../../../../domain/explain/plots/numerals.ts";
import { writePng, type Pixels } from "../../../../domain/explain/plots/png.ts";
import { rampOver } from "../../../../domain/explain/plots/ramp.ts";
import { linearScale, niceStep } from "../../../../domain/explain/plots/scale.ts";
import { element, render } from "../../../../domain/explain/plots/svg.ts";
import { fitted, textWidth } from "../../../../domain/explain/plots/text-width.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { parseSvg } from "./support/parse-svg.ts";

describe("elements", () => {
  test("text and attributes come back as they were, whatever they look like", () => {
    const odd = `<script>alert("1")</script> & 'more' &amp; ]]>`;
    const parsed = parseSvg(render(element("text", { class: odd, x: 1.006 }, odd)));
    expect(parsed).toMatchObject({
      text: odd,
      attributes: { class: odd, x: "1.01" },
      children: [],
    });
  });

  test("characters that XML does not have, and those that turn the direction, are replaced", () => {
    expect(render("a\u0000b\uD800c\u202Ed\uFFFEe😀")).toBe("a\uFFFDb\uFFFDc\uFFFDd\uFFFDe😀");
  });

  test("a coordinate that is no number is a bug, and minus zero is zero", () => {
    expect(() => render(element("rect", { x: Number.NaN }))).toThrow("NaN");
    expect(render(element("rect", { x: -0.001 }))).toBe('<rect x="0"/>');
  });
});

describe("scales", () => {
  test("the ends of the values lie at the ends of the range, and ticks are round numbers between", () => {
    const scale = linearScale([0.13, 0.94, 0.5], { range: [100, 200] });
    expect([scale.at(0.13), scale.at(0.535), scale.at(0.94)]).toEqual([100, 150, 200]);
    expect(scale.ticks.map(({ label }) => label)).toEqual(["0.2", "0.4", "0.6", "0.8"]);
  });

  test.each([
    [[5, 5, 5], 5],
    [[0, 0], 0],
    [[], 0],
    [[1e-310], 1e-310],
    [[1, 1 + 1e-15], 1],
  ])("values %j that do not differ lie in the middle", (values, value) => {
    const scale = linearScale(values, { range: [0, 10] });
    expect(scale.at(value)).toBeCloseTo(5, 5);
    expect(scale.ticks.length).toBeGreaterThan(0);
  });

  test("whatever the values, ticks are within the domain, ascending, few and told apart", () => {
    const random = seededRandom("ticks");
    for (let round = 0; round < 500; round += 1) {
      const size = 10 ** (random.uniform() * 24 - 12);
      const offset = random.uniform() < 0.5 ? 0 : size * 100 * random.normal();
      const values = [random.normal() * size + offset, random.normal() * size + offset];
      const { ticks, domain } = linearScale(values, { range: [0, 1], ticks: 6 });
      const width = domain[1] - domain[0];
      expect(ticks.length, values.join()).toBeLessThanOrEqual(6);
      expect(new Set(ticks.map(({ label }) => label)).size, values.join()).toBe(ticks.length);
      for (const { value } of ticks) {
        expect(value).toBeGreaterThanOrEqual(domain[0] - width * 1e-6);
        expect(value).toBeLessThanOrEqual(domain[1] + width * 1e-6);
      }
    }
  });

  test.each([Number.NaN, Infinity, 1.7e308])("%d is refused", (value) => {
    expect(() => linearScale([0, value], { range: [0, 1] })).toThrow(ExplainFault);
  });

  test("steps are 1, 2 or 5 times a power of ten", () => {
    expect([0.7, 1, 1.1, 2.5, 5.1, 0.0021].map(niceStep)).toEqual([1, 1, 2, 5, 10, 0.005]);
  });
});

describe("numbers in words", () => {
  test("numbers have few digits and a true minus sign", () => {
    expect([0, 17.99, -0.04568, 1234567, 12345678, -9.42e-7].map((one) => numeral(one))).toEqual([
      "0",
      "17.99",
      "−0.04568",
      "1235000",
      "1.235e7",
      "−9.42e−7",
    ]);
    expect([signed(0.5), signed(-0.5), signed(0)]).toEqual(["+0.5", "−0.5", "0"]);
    expect(() => numeral(Number.NaN)).toThrow(ExplainFault);
  });

  test("those of one figure have as many decimals as the greatest needs", () => {
    expect([0.104, -0.0279, 0.00001, 0].map(signedAlike([0.104, -0.0279]))).toEqual([
      "+0.104",
      "−0.028",
      "0.000",
      "0.000",
    ]);
    expect([1234.5, -2].map(signedAlike([1234.5]))).toEqual(["+1235", "−2"]);
    expect(signedAlike([2e-7])(2e-7)).toBe("+2e−7");
  });

  test("a text that is too long is cut where it fits, at whole characters", () => {
    expect(fitted("short", 12, 100)).toBe("short");
    const cut = fitted("😀😀😀😀😀😀", 10, 40);
    expect(cut).toBe("😀😀…");
    expect(textWidth(cut, 10)).toBeLessThanOrEqual(40);
  });
});

describe("colours from low to high", () => {
  test("a few values far out do not take all colours, and a missing one has its own", () => {
    const values = [...Array.from({ length: 100 }, (_, at) => at), 1e9, null];
    const ramp = rampOver(values);
    expect([0, 50, 99, 1e9, null].map(ramp.classOf)).toEqual([
      "ramp0",
      "ramp4",
      "ramp7",
      "ramp7",
      "missing",
    ]);
    expect(rampOver([3, 3]).classOf(3)).toBe("ramp4");
    expect(rampOver([null]).classOf(null)).toBe("missing");
  });
});

describe("PNG files", () => {
  test.each<[string, Pixels["colour"], number]>([
    ["grey", "grey", 1],
    ["colours", "rgb", 3],
    [
      "a palette",
      {
        palette: [
          [1, 2, 3, 0],
          [4, 5, 6, 255],
        ],
      },
      1,
    ],
  ])("%s: chunks have their checksums and the stream holds the pixels", (_, colour, samples) => {
    const [width, height] = [300, 250];
    const random = seededRandom("pixels");
    const most = typeof colour === "string" ? 256 : 2;
    const data = Uint8Array.from({ length: width * height * samples }, () => random.integer(most));
    const chunks = chunksOf(writePng({ width, height, data, colour }));
    const lines = inflateSync(chunks.get("IDAT") ?? new Uint8Array());
    const stride = width * samples;
    for (let row = 0; row < height; row += 1) {
      expect(lines[row * (stride + 1)]).toBe(0);
      const line = lines.subarray(row * (stride + 1) + 1, (row + 1) * (stride + 1));
      expect(Buffer.compare(line, data.subarray(row * stride, (row + 1) * stride))).toBe(0);
    }
    expect(lines.length).toBe(height * (stride + 1));
    const type = colour === "grey" ? 0 : colour === "rgb" ? 2 : 3;
    expect([...(chunks.get("IHDR") ?? [])]).toEqual([0, 0, 1, 44, 0, 0, 0, 250, 8, type, 0, 0, 0]);
    if (typeof colour === "string") return;
    expect([...(chunks.get("PLTE") ?? [])]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...(chunks.get("tRNS") ?? [])]).toEqual([0, 255]);
  });

  test("base 64 is that of Node", () => {
    for (let length = 0; length < 70; length += 1) {
      const bytes = Uint8Array.from({ length }, (_, at) => (at * 89 + length) % 256);
      expect(base64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
    }
  });
});

function chunksOf(file: Uint8Array): Map<string, Uint8Array> {
  expect([...file.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const view = new DataView(file.buffer, file.byteOffset);
  const chunks = new Map<string, Uint8Array>();
  for (let at = 8; at < file.length;) {
    const length = view.getUint32(at);
    const body = file.subarray(at + 4, at + 8 + length);
    expect(view.getUint32(at + 8 + length)).toBe(crc32(body));
    chunks.set(Buffer.from(body.subarray(0, 4)).toString("latin1"), body.subarray(4));
    at += 12 + length;
  }
  expect([...chunks.keys()].at(-1)).toBe("IEND");
  return chunks;
}
