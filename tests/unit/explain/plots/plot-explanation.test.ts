import { describe, expect, test } from "vitest";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import {
  plotExplanation,
  PLOTS,
  type Plot,
  type PlottedExplanation,
} from "../../../../domain/explain/plots/plot-explanation.ts";
import { WIDTH } from "../../../../domain/explain/plots/style.ts";
import { textWidth } from "../../../../domain/explain/plots/text-width.ts";
import {
  classed,
  elementsOf,
  named,
  numberOf,
  parseSvg,
  printed,
  type Parsed,
} from "./support/parse-svg.ts";
import { contribution, explainedBy, manyFeatures, type Sample } from "./support/samples.ts";

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

const signal: Sample = {
  players: "segments",
  feature_contributions: [0.4, -0.2, 0, 0].map((much, at) => contribution(`${at * 4}..`, much)),
  input: { name: "signal", shape: [2, 16], data: range(32).map((at) => Math.sin(at)) },
  map: {
    name: "signal",
    shape: [2, 16],
    data: range(32).map((at) => [0.05, -0.025, 0, 0][Math.floor((at % 16) / 4)] ?? 0),
  },
};
const image: Sample = {
  players: "positions",
  method: "grad_cam",
  residual: null,
  input: { name: "image", shape: [3, 5, 6], data: range(90).map((at) => at / 90) },
  map: {
    name: "image",
    shape: [5, 6],
    data: range(30).map((at) => (at === 7 ? -2 : at === 8 ? 1 : 0)),
  },
};
const words: Sample = {
  players: "words",
  feature_contributions: [contribution("good", 0.6), contribution("bad", -0.3)],
  words: [
    { text: "good", player: 0 },
    { text: ",", player: null },
    { text: "bad", player: 1 },
  ],
};
const attention: Sample = {
  method: "attention",
  residual: null,
  attention: [
    {
      name: "layer <1>",
      heads: 2,
      queries: 2,
      keys: 3,
      weights: [1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0],
    },
  ],
};
const flip: Sample = {
  method: "counterfactual",
  residual: null,
  feature_contributions: [contribution("radius", -1.5), contribution("area", 0)],
  counterfactual: {
    found: true,
    distance: 1.5,
    norm: "linf",
    from_class: "malignant",
    to_class: "benign",
    prediction: 0.49,
    changes: [{ feature_name: "radius", from: 18, to: 12.5 }],
  },
};

const draw = (changes: Sample, plot?: Plot): Parsed =>
  parseSvg(plotExplanation(explainedBy(changes), plot));

/** The one rectangle of each bar, in their order. */
const barsOf = (svg: Parsed): Parsed[] =>
  classed(svg, "span").flatMap((span) =>
    named(span, "rect").filter(({ attributes }) => attributes["class"] !== "ink"),
  );

const tooltipOf = (parsed: Parsed): string => named(parsed, "title")[0]?.text ?? "";

describe("every picture", () => {
  const samples: [Plot, Sample][] = [
    ["waterfall", {}],
    ["force", {}],
    ["bar", {}],
    ["heat_strip", signal],
    ["overlay", image],
    ["text", words],
    ["attention", attention],
  ];

  test("there is a sample of each", () => {
    expect(samples.map(([plot]) => plot)).toEqual(PLOTS);
  });

  test.each(samples)(
    "%s is one well-formed picture with words for who does not see it",
    (plot, changes) => {
      const explained = explainedBy(changes);
      const text = plotExplanation(explained, plot);
      const svg = parseSvg(text);
      expect(svg).toMatchObject({
        name: "svg",
        attributes: { role: "img", viewBox: expect.any(String) },
      });
      expect(svg.children.slice(0, 2).map(({ name }) => name)).toEqual(["title", "desc"]);
      expect(svg.children[0]?.text).toContain("wdbc, version 3");
      expect(svg.children[1]?.text.length).toBeGreaterThan(30);
      expect(text).not.toMatch(/NaN|Infinity|undefined|null|\[object/);
      expect(text).toContain("prefers-color-scheme:dark");
      expect(plotExplanation(explained, plot)).toBe(text);
    },
  );

  test.each(samples)(
    "%s runs nothing and fetches nothing, whatever the names are",
    (plot, changes) => {
      const evil = `"><script>alert(1)</script><image href="https://evil.example/x"/>`;
      const own = explainedBy(changes);
      const svg = parseSvg(
        plotExplanation(
          {
            ...own,
            model: evil,
            target: { ...own.target, class_name: evil },
            feature_contributions: own.feature_contributions.map((one) => ({
              ...one,
              feature_name: evil,
              feature_value: evil,
            })),
            words: own.words && own.words.map((word) => ({ ...word, text: evil })),
            attention: own.attention && own.attention.map((layer) => ({ ...layer, name: evil })),
          },
          plot,
        ),
      );
      expect(named(svg, "script")).toEqual([]);
      for (const { attributes } of elementsOf(svg, () => true)) {
        expect(Object.keys(attributes).filter((name) => name.startsWith("on"))).toEqual([]);
        expect(attributes["href"] ?? "data:image/png;").toMatch(/^data:image\/png;/);
      }
      expect(svg.children[1]?.text).toContain(evil);
    },
  );

  test.each(samples)("%s stays within its view box", (plot, changes) => {
    const svg = draw({ ...changes }, plot);
    const [, , , height = 0] = (svg.attributes["viewBox"] ?? "").split(" ").map(Number);
    for (const rect of named(svg, "rect").filter(({ attributes }) => "x" in attributes)) {
      const right = numberOf(rect, "x") + numberOf(rect, "width");
      expect(numberOf(rect, "x")).toBeGreaterThanOrEqual(0);
      expect(right).toBeLessThanOrEqual(WIDTH);
      expect(numberOf(rect, "y") + numberOf(rect, "height")).toBeLessThanOrEqual(height);
    }
  });

  test("numbers that are not finite are refused, not drawn", () => {
    const odd: PlottedExplanation = explainedBy({ actual_prediction: Number.NaN });
    for (const plot of ["waterfall", "force", "bar"] as const)
      expect(() => plotExplanation(odd, plot)).toThrow(ExplainFault);
  });
});

describe("which picture", () => {
  test.each<[string, Sample, string]>([
    ["a table gets a waterfall", {}, "waterfall"],
    ["what does not add up gets bars", { method: "lime", residual: null }, "bar"],
    ["a signal gets a heat strip", signal, "heat_strip"],
    ["an image gets an overlay", image, "overlay"],
    ["a text gets its words", words, "text"],
    ["attention gets its maps", attention, "attention"],
    ["a counterfactual gets its changes as bars", flip, "bar"],
    [
      "a map of a layer that does not lie over the input gets bars",
      { ...image, map: { name: "layer", shape: [5], data: [1, 2, 3, 4, 5] } },
      "bar",
    ],
  ])("%s", (_, changes, plot) => {
    const explained = explainedBy(changes);
    expect(plotExplanation(explained)).toBe(plotExplanation(explained, plot as Plot));
  });

  test.each<[Sample, string, RegExp]>([
    [{ method: "lime" }, "waterfall", /do not add up.*'bar'/],
    [{ method: "saliency" }, "force", /do not add up/],
    [{}, "heat_strip", /not of a signal/],
    [image, "heat_strip", /'overlay'/],
    [signal, "overlay", /'heat_strip'/],
    [{}, "text", /not of a text/],
    [{}, "attention", /'attention'/],
    [{}, "beeswarm", /waterfall, force, bar/],
    [{}, "toString", /waterfall, force, bar/],
  ])("%j cannot give '%s'", (changes, plot, message) => {
    const fault = ((): unknown => {
      try {
        return plotExplanation(explainedBy(changes), plot as Plot);
      } catch (error) {
        return error;
      }
    })();
    expect(fault).toBeInstanceOf(ExplainFault);
    expect(fault).toMatchObject({ problem: { code: "option_invalid", field: "plot" } });
    expect((fault as ExplainFault).message).toMatch(message);
  });
});

describe("the waterfall", () => {
  test("leads from the base to the prediction, in steps as long as the contributions", () => {
    const svg = draw({});
    const [base, ...steps] = classed(svg, "span");
    const prediction = steps.pop();
    const bars = barsOf(svg);
    const widths = bars.map((bar) => numberOf(bar, "width"));
    const perUnit = (widths[0] ?? 0) / 0.3;
    expect(widths[1]).toBeCloseTo(0.1 * perUnit, 1);
    expect(widths[2]).toBeCloseTo(0.05 * perUnit, 1);
    const markOf = (span: Parsed | undefined): number =>
      span === undefined ? Number.NaN : numberOf(classed(span, "ink")[0] ?? span, "x") + 2;
    expect(bars.map((bar) => numberOf(bar, "x"))).toEqual([
      markOf(base),
      expect.closeTo(markOf(base) + 0.2 * perUnit, 1),
      expect.closeTo(markOf(base) + 0.2 * perUnit, 1),
    ]);
    expect(markOf(prediction)).toBeCloseTo(markOf(base) + 0.25 * perUnit, 1);
    expect(bars.map(({ attributes }) => attributes["class"])).toEqual([
      "raises",
      "lowers",
      "raises",
    ]);
    const texts = classed(svg, "span").map(printed);
    expect(texts).toEqual([
      "base0.250",
      "radius = 17.99+0.300",
      "texture = 10.38−0.100",
      "area = 1001+0.050",
      "prediction0.500",
    ]);
  });

  test("a whisker is as long as the interval, and exact numbers have none", () => {
    const svg = draw({});
    const [bar] = barsOf(svg);
    const whiskers = classed(svg, "whisker").map(({ attributes }) => attributes["d"] ?? "");
    expect(whiskers.length).toBe(2);
    const [, low, high] = /^M([\d.]+) [\d.]+H([\d.]+)/.exec(whiskers[0] ?? "") ?? [];
    if (bar === undefined) throw new Error("no bar");
    const [start, perUnit] = [numberOf(bar, "x"), numberOf(bar, "width") / 0.3];
    expect(Number(low)).toBeCloseTo(start + 0.2 * perUnit, 1);
    expect(Number(high)).toBeCloseTo(start + 0.4 * perUnit, 1);
    const text = classed(svg, "raises_text")[0];
    expect(text && numberOf(text, "x")).toBeGreaterThan(Number(high));
  });

  test("the number of what lowers the score stands on the other side", () => {
    const svg = draw({ feature_contributions: [contribution("a", -0.5), contribution("b", 0.25)] });
    const [lowering, raising] = barsOf(svg).map((bar) => numberOf(bar, "x"));
    const [left] = classed(svg, "lowers_text");
    const [right] = classed(svg, "raises_text");
    expect(left?.attributes["text-anchor"]).toBe("end");
    expect(left && numberOf(left, "x")).toBeLessThan(lowering ?? 0);
    expect(right && numberOf(right, "x")).toBeGreaterThan(raising ?? 0);
  });

  test.each([1, 2, 14, 15, 100, 1_000])("%d features: the small ones go together", (count) => {
    const svg = draw({ feature_contributions: manyFeatures(count) });
    const steps = classed(svg, "span").slice(1, -1);
    expect(steps.length).toBe(Math.min(count, 14));
    const last = steps.at(-1);
    expect((last === undefined ? "" : printed(last)).includes(`${count - 13} other features`)).toBe(
      count > 14,
    );
  });

  test("what is not listed, and what is left unexplained, has its own step", () => {
    const svg = draw({
      feature_contributions: [contribution("a", 1)],
      feature_count: 5,
      base_prediction: 0,
      actual_prediction: 2,
      residual: 0.25,
    });
    expect(classed(svg, "span").map(printed)).toEqual([
      "base0.00",
      "a+1.00",
      "4 other features+0.75",
      "left unexplained+0.25",
      "prediction2.00",
    ]);
  });

  test("nothing to explain is drawn all the same", () => {
    const svg = draw({ feature_contributions: [contribution("a", 0)], base_prediction: 0 });
    expect(classed(svg, "span").map(printed)).toEqual(["base0", "a0", "prediction0"]);
  });

  test("a long name is cut, keeps its value, and is whole where the pointer rests", () => {
    const name = "a very long name of a feature ".repeat(10).trim();
    const svg = draw({ feature_contributions: [contribution(name, 0.5, 17.99)] });
    const [, step] = classed(svg, "span");
    const [label] = step === undefined ? [] : named(step, "text");
    expect(label?.text).toMatch(/^a very long.*… = 17\.99$/);
    expect(textWidth(label?.text ?? "", 12)).toBeLessThan(250);
    expect(step?.children[0]?.text).toContain(name);
  });
});

describe("the force picture", () => {
  test("both forces meet at the prediction, and each piece is as wide as its contribution", () => {
    const svg = draw({}, "force");
    const ends = classed(svg, "piece").map((piece) => {
      const d = named(piece, "path")[0]?.attributes["d"] ?? "";
      const x = [...d.matchAll(/[ML]([\d.]+) /g)].map(([, at]) => Number(at));
      return { tail: x[0] ?? 0, tip: x[2] ?? 0 };
    });
    const [radius, area, texture] = ends;
    const gap = 1.5;
    const perUnit = ((radius?.tip ?? 0) - (radius?.tail ?? 0) + gap) / 0.3;
    expect(texture?.tip).toBe(radius?.tip);
    expect(area?.tip).toBeCloseTo((radius?.tail ?? 0) - gap, 1);
    expect((texture?.tail ?? 0) + gap - (texture?.tip ?? 0)).toBeCloseTo(0.1 * perUnit, 1);
  });

  test("labels of one line never overlap", () => {
    for (const count of [5, 12, 40]) {
      const feature_contributions = manyFeatures(count).map((one) => ({
        ...one,
        feature_name: `${one.feature_name} of a long name that goes on`,
      }));
      const svg = draw({ feature_contributions }, "force");
      const labels = classed(svg, "small")
        .filter(({ text }) => /^(?:f|1?\d other)/.test(text))
        .map((label) => ({
          label,
          text: label.text.slice(0, label.text.length - tooltipOf(label).length),
        }))
        .map(({ label, text }) => ({
          y: numberOf(label, "y"),
          from: numberOf(label, "x") - textWidth(text, 11) / 2,
          to: numberOf(label, "x") + textWidth(text, 11) / 2,
        }));
      expect(labels.length).toBeGreaterThan(3);
      for (const one of labels)
        for (const other of labels)
          if (one !== other && one.y === other.y)
            expect(one.to <= other.from || other.to <= one.from).toBe(true);
    }
  });
});

describe("bars", () => {
  test("the greatest come first, from zero, and zeros are left out", () => {
    const svg = draw(
      { feature_contributions: [...manyFeatures(30), contribution("none", 0)] },
      "bar",
    );
    const widths = barsOf(svg).map((bar) => numberOf(bar, "width"));
    expect(widths.length).toBe(20);
    expect(widths).toEqual(widths.toSorted((a, b) => b - a));
    expect(printed(svg)).toContain("the 20 greatest of 31 features");
    expect(printed(svg)).not.toContain("none");
  });

  test("LIME tells its rules and how well it fits", () => {
    const rule = "10 < radius <= 20";
    const svg = draw({
      method: "lime",
      residual: null,
      feature_contributions: [{ ...contribution("radius", 0.2, 17), rule }],
      fit: { intercept: 0.1, local_prediction: 0.3, r2: 0.82 },
    });
    expect(classed(svg, "span").map(printed)).toEqual([`${rule}+0.200`]);
    expect(printed(svg)).toMatch(/surrogate gives 0\.3 here.*intercept of 0\.1; it explains 82 %/);
  });

  test("a counterfactual tells what changes, from what to what", () => {
    const svg = draw(flip);
    expect(classed(svg, "span").map(printed)).toEqual(["radius: 18 → 12.5−1.50"]);
    expect(printed(svg)).toContain("turns ‘malignant’ into ‘benign’, where the score is 0.49");
    const none = { ...explainedBy(flip).counterfactual, found: false, to_class: null, changes: [] };
    const without = draw({
      ...flip,
      counterfactual: none as NonNullable<Sample["counterfactual"]>,
    });
    expect(printed(without)).toContain("No change within the limits turns ‘malignant’");
    expect(classed(without, "span")).toEqual([]);
  });
});

describe("the heat strip", () => {
  test("each segment is one strip of its channel, deeper for a greater contribution", () => {
    const svg = draw(signal);
    const strips = classed(svg, "strip");
    const ends = strips.map((strip) => [
      strip.attributes["class"]?.split(" ")[0],
      numberOf(strip, "x"),
      numberOf(strip, "width"),
      numberOf(strip, "opacity"),
    ]);
    const [from, width] = [84, 652 / 4];
    const one = [
      ["raises", from, width, 0.75],
      ["lowers", from + width, width, 0.38],
    ];
    expect(ends).toEqual([...one, ...one]);
    expect(classed(svg, "curve").length).toBe(2);
  });

  test("a map without channels lies behind every channel", () => {
    const map = { name: "signal", shape: [16], data: range(16).map((at) => (at < 8 ? 1 : 0)) };
    expect(classed(draw({ ...signal, map }), "strip").length).toBe(2);
  });

  test("a long signal keeps its peaks and stays small", () => {
    const length = 2 ** 16;
    const data = range(length).map((at) => (at === 40_001 ? 9 : 0));
    const explained = explainedBy({
      input: { name: "signal", shape: [1, length], data },
      map: { name: "signal", shape: [1, length], data: data.map((value) => value / 9) },
    });
    const text = plotExplanation(explained);
    expect(text.length).toBeLessThan(60_000);
    const [curve] = classed(parseSvg(text), "curve");
    const heights = [...(curve?.attributes["d"] ?? "").matchAll(/ ([\d.]+)/g)].map(([, y]) =>
      Number(y),
    );
    expect(Math.min(...heights)).toBe(5);
    expect(classed(parseSvg(text), "strip").length).toBe(1);
  });
});

describe("the image", () => {
  const urls = (svg: Parsed): string[] =>
    named(svg, "image").map(({ attributes }) => attributes["href"] ?? "");
  const pixels = (svg: Parsed): Buffer[] =>
    urls(svg).map((url) => Buffer.from(url.replace("data:image/png;base64,", ""), "base64"));

  test("is shown in its colours, in grey, and under what its places contribute", () => {
    const [colours, grey, heat] = pixels(draw(image));
    expect([colours, grey, heat].map((file) => file?.[25])).toEqual([2, 0, 3]);
    expect([colours, grey, heat].map((file) => [file?.[19], file?.[23]])).toEqual([
      [6, 5],
      [6, 5],
      [6, 5],
    ]);
    // Behind signature, header, palette, transparency, and the head of the one stored block.
    const start = 33 + (12 + 255 * 3) + (12 + 255) + 8 + 7;
    const rows = range(5).map((row) => [
      ...(heat?.subarray(start + row * 7, start + row * 7 + 7) ?? []),
    ]);
    const none = 127;
    expect(rows[0]).toEqual([0, ...range(6).map(() => none)]);
    expect(rows[1]).toEqual([0, none, none - 127, none + 64, none, none, none]);
  });

  test("the parts of its channels count together", () => {
    const whole = draw(image);
    const parts = draw({
      ...image,
      map: {
        name: "image",
        shape: [3, 5, 6],
        data: range(90).map((at) => {
          const share = [3, -2, 0][Math.floor(at / 30)] ?? 0;
          return (image.map?.data[at % 30] ?? 0) * share;
        }),
      },
    });
    expect(urls(parts)[2]).toBe(urls(whole)[2]);
  });

  test("channels may be the last axis", () => {
    const data = range(90).map((at) => {
      const [position, channel] = [Math.floor(at / 3), at % 3];
      return image.input?.data[channel * 30 + position] ?? 0;
    });
    const last = draw({ ...image, input: { name: "image", shape: [5, 6, 3], data } });
    expect(urls(last)).toEqual(urls(draw(image)));
  });

  test("a grey picture without any contribution is drawn", () => {
    const zeros = range(30).map(() => 0);
    const blank = { name: "image", shape: [1, 5, 6], data: zeros };
    expect(pixels(draw({ ...image, input: blank, map: blank })).length).toBe(4);
  });
});

describe("the text", () => {
  test("words stand in order on the colour of their contribution", () => {
    const svg = draw(words);
    const shown = classed(svg, "word").map((word) => [
      printed(word),
      named(word, "rect").map((rect) => [rect.attributes["class"], numberOf(rect, "opacity")]),
    ]);
    expect(shown).toEqual([
      ["good", [["raises", 0.6]]],
      [",", []],
      ["bad", [["lowers", 0.3]]],
    ]);
  });

  test("lines break before the margin, and a very long text is cut with a note", () => {
    const many = range(700).map((at) => ({ text: `word${at}`, player: null }));
    const svg = draw({ ...words, words: many });
    const texts = classed(svg, "word").flatMap((word) => named(word, "text"));
    expect(texts.length).toBe(600);
    for (const text of texts)
      expect(numberOf(text, "x") + numberOf(text, "textLength")).toBeLessThan(WIDTH - 24);
    expect(printed(svg)).toContain("100 further words not shown.");
  });

  test("where only the greatest contributions are listed, words go by their names", () => {
    const svg = draw({
      ...words,
      feature_count: 5_000,
      words: [{ text: "bad", player: 4_321 }],
    });
    expect(named(classed(svg, "word")[0] ?? svg, "rect")[0]?.attributes["class"]).toBe("lowers");
  });
});

describe("attention", () => {
  test("there is a panel for the mean of the heads and one for each head", () => {
    const svg = draw(attention);
    const panels = named(svg, "image").map(({ attributes }) => attributes["href"] ?? "");
    expect(panels.length).toBe(3);
    expect(new Set(panels).size).toBe(3);
    expect(printed(svg)).toContain("layer <1> · 2 heads, 2 × 3");
  });

  test("a large map is pooled, and its layers are limited", () => {
    const size = 300;
    const layer = {
      name: "l",
      heads: 1,
      queries: size,
      keys: size,
      weights: range(size * size).map(() => 1 / size),
    };
    const svg = draw({ ...attention, attention: range(13).map(() => layer) });
    expect(named(svg, "image").length).toBe(12);
    expect(printed(svg)).toContain("1 further layer not shown");
    const file = Buffer.from(
      (named(svg, "image")[0]?.attributes["href"] ?? "").slice(22),
      "base64",
    );
    expect([file[19], file[23]]).toEqual([128, 128]);
  });
});
