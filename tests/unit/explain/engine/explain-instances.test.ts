import { describe, expect, test } from "vitest";
import { costOf } from "../../../../domain/explain/engine/cost-of.ts";
import { Kept } from "../../../../domain/explain/engine/kept.ts";
import { openSubject, releaseSubject } from "../../../../domain/explain/engine/subject.ts";
import { rowsFromInputs } from "../../../../domain/explain/engine/prepared-rows.ts";
import type { ExplainRequest } from "../../../../domain/explain/explain-request.ts";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import type { Explained, Method } from "../../../../domain/explain/explanation.ts";
import { withDescription } from "../../../../domain/models/description.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import type { Feeds } from "../../../../domain/onnx/rows.ts";
import { signatureOf } from "../../../../domain/onnx/signature-of.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import type { Tensor } from "../../../../domain/tensors/tensor.ts";
import { asked, explainOn } from "../../../fixtures/explain.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";

const WEIGHTS = [2, -1, 0.5, 0];
const INSTANCE = [1, 2, 2, 7];
const BACKGROUND = [
  [0, 0, 0, 1],
  [1, 1, 2, 3],
];
const CLOSED_FORM = [1, -1.5, 0.5, 0];

const table = (rows: readonly (readonly number[])[]): Tensor => ({
  type: "float32",
  dims: [rows.length, rows[0]?.length ?? 0],
  data: Float32Array.from(rows.flat()),
});

/** y = 2 a - b + c / 2 + 0 d. */
function linear(rows: number | string = "n"): Model {
  const b = GraphBuilder.empty(17);
  const weights = b.constant(floatTensor([4, 1], WEIGHTS), "weights");
  b.output(b.node("MatMul", [b.input("x", "float32", [rows, 4]), weights]), "y");
  return b.model();
}

async function explain(
  model: Model,
  feeds: Feeds,
  background: Feeds,
  request: Partial<ExplainRequest> & Pick<ExplainRequest, "method">,
): Promise<Explained> {
  const [found] = await explainOn(wasmRuntime, model, { feeds, background }, [asked(request)]);
  const [first] = found ?? [];
  if (first === undefined) throw new Error("nothing was explained");
  return first;
}

const linearly = (
  request: Partial<ExplainRequest> & Pick<ExplainRequest, "method">,
  model = linear(),
) => explain(model, { x: table([INSTANCE]) }, { x: table(BACKGROUND) }, request);

const valuesOf = ({ feature_contributions }: Explained): number[] =>
  feature_contributions.map(({ contribution }) => contribution);

const close = (found: Explained, expected: readonly number[], slack = 1e-5): void => {
  expect(found.feature_contributions).toHaveLength(expected.length);
  for (const [at, value] of valuesOf(found).entries())
    expect(Math.abs(value - (expected[at] ?? NaN)), `${found.method} ${at}`).toBeLessThan(slack);
};

describe("on a linear model", () => {
  const EXACT: Method[] = ["exact", "kernel", "permutation", "deep", "integrated_gradients"];

  test.each(EXACT)("%s is the closed form", async (method) => {
    const found = await linearly({ method });
    close(found, CLOSED_FORM);
    expect(found.base_prediction).toBeCloseTo(1);
    expect(found.actual_prediction).toBeCloseTo(1);
    expect(found.residual).toBeCloseTo(0, 5);
    expect(found.top_positive_features.slice(0, 2)).toEqual(["x[0]", "x[2]"]);
    expect(found.top_negative_features[0]).toBe("x[1]");
  });

  test.each(["sampling", "gradient"] as const)("%s comes near it", async (method) => {
    const found = await linearly({ method, options: { samples: 4_000 } });
    close(found, CLOSED_FORM, 0.1);
    for (const [at, { confidence_interval }] of found.feature_contributions.entries()) {
      const [low = NaN, high = NaN] = confidence_interval ?? [];
      const slack = high - low + 1e-6;
      expect(low - slack).toBeLessThanOrEqual(CLOSED_FORM[at] ?? NaN);
      expect(high + slack).toBeGreaterThanOrEqual(CLOSED_FORM[at] ?? NaN);
    }
  });

  test("gradients are the weights, and input times gradient is what they weigh", async () => {
    close(await linearly({ method: "saliency" }), WEIGHTS);
    close(
      await linearly({ method: "input_x_gradient" }),
      WEIGHTS.map((weight, at) => weight * (INSTANCE[at] ?? 0)),
    );
  });

  test("a group has the sum of its members", async () => {
    for (const method of [...EXACT, "gradient"] as const) {
      const groups = { ends: ["x[0]", "x[3]"] };
      const found = await linearly({ method, groups, options: {}, seed: 5 });
      expect(found.players).toBe("groups");
      expect(found.feature_contributions.map((one) => one.feature_name)).toEqual([
        "ends",
        "x[1]",
        "x[2]",
      ]);
      close(found, [1, -1.5, 0.5], method === "gradient" ? 0.2 : 1e-5);
    }
  });

  test("interactions are none", async () => {
    const { interactions } = await linearly({ method: "exact", include_interactions: true });
    expect(interactions).toHaveLength(6);
    for (const { value } of interactions ?? []) expect(Math.abs(value)).toBeLessThan(1e-6);
  });

  test("a model that fixes its batch is explained as any other", async () => {
    for (const method of EXACT) close(await linearly({ method }, linear(3)), CLOSED_FORM);
  });

  test("names and classes are those of its file, or those of the request", async () => {
    const feature_names = ["a", "b", "c", "d"];
    const described = withDescription(linear(), {
      feature_names,
      class_names: null,
      categorical_features: null,
      preprocessing: [],
    });
    const namesOf = (found: Explained) =>
      found.feature_contributions.map(({ feature_name }) => feature_name);
    expect(namesOf(await linearly({ method: "exact" }, described))).toEqual(feature_names);
    const own = ["p", "q", "r", "s"];
    expect(namesOf(await linearly({ method: "exact", feature_names: own }, described))).toEqual(
      own,
    );
  });
});

describe("what a request cannot mean is refused:", () => {
  const CASES: [
    string,
    Partial<ExplainRequest> & Pick<ExplainRequest, "method">,
    string,
    string,
  ][] = [
    [
      "an option of another method",
      { method: "exact", options: { steps: 3 } },
      "option_invalid",
      "options.steps",
    ],
    [
      "interactions of a method without",
      { method: "kernel", include_interactions: true },
      "option_invalid",
      "include_interactions",
    ],
    [
      "groups of a slope",
      { method: "saliency", groups: { one: ["x[0]"] } },
      "option_invalid",
      "groups",
    ],
    [
      "a feature in two groups",
      { method: "exact", groups: { one: ["x[0]"], two: ["x[0]"] } },
      "option_invalid",
      "groups.two",
    ],
    [
      "a feature twice in a group",
      { method: "exact", groups: { one: ["x[0]", "x[0]"] } },
      "option_invalid",
      "groups.one",
    ],
    [
      "a group with the name of another feature",
      { method: "exact", groups: { "x[1]": ["x[0]"] } },
      "option_invalid",
      "groups.x[1]",
    ],
    [
      "a feature that is not there",
      { method: "exact", groups: { one: ["z"] } },
      "feature_unknown",
      "groups.one",
    ],
    ["too few names", { method: "exact", feature_names: ["a"] }, "option_invalid", "feature_names"],
    [
      "an output that is not there",
      { method: "exact", output: "z" },
      "target_unknown",
      "target.output",
    ],
    ["a class that is not there", { method: "exact", class: 1 }, "target_unknown", "target.class"],
    ["a class without a name", { method: "exact", class: "cat" }, "target_unknown", "target.class"],
    [
      "segments of a table",
      { method: "exact", options: { segments: { count: 2 } } },
      "option_invalid",
      "options.segments",
    ],
    [
      "logits of what has none",
      { method: "saliency", options: { logits: true } },
      "method_unsupported",
      "options.logits",
    ],
  ];
  test.each(CASES)("%s", async (_, request, code, field) => {
    const refusal: unknown = await linearly(request).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ExplainFault);
    expect((refusal as ExplainFault).problem).toMatchObject({ code, field });
  });

  test("no background, by the methods that compare", async () => {
    const subject = await openSubject(wasmRuntime, writeModel(linear()), signatureOf(linear()), {
      x: table([INSTANCE]),
    });
    await releaseSubject(subject);
    await expect(
      explain(linear(), { x: table([INSTANCE]) }, { x: table([]) }, { method: "exact" }),
    ).rejects.toMatchObject({ problem: { code: "background_missing" } });
  });

  test("numbers that are not finite", async () => {
    for (const method of ["exact", "kernel", "gradient", "lime", "deep", "saliency"] as const)
      await expect(
        explain(linear(), { x: table([[NaN, 1, 2, 3]]) }, { x: table(BACKGROUND) }, { method }),
      ).rejects.toBeInstanceOf(ExplainFault);
  });
});

describe("a table of several inputs", () => {
  /** y = a + 3 (colour is red). */
  function coloured(): Model {
    const b = GraphBuilder.empty(19);
    const amount = b.input("amount", "float32", ["n", 1]);
    const colour = b.input("colour", "string", ["n", 1]);
    const red = b.constant({ type: "string", dims: [1], data: ["red"] });
    const isRed = b.node("Cast", [b.node("Equal", [colour, red])], { to: 1 });
    const three = b.constant(floatTensor([1], [3]));
    b.output(b.node("Add", [amount, b.node("Mul", [isRed, three])]), "y");
    return b.model();
  }
  const rows = (amounts: number[], colours: string[]): Feeds => ({
    amount: { type: "float32", dims: [amounts.length, 1], data: Float32Array.from(amounts) },
    colour: { type: "string", dims: [colours.length, 1], data: colours },
  });

  test.each(["shap", "exact", "kernel", "permutation"] as const)(
    "by %s has a contribution for a text, which is told as it is",
    async (method) => {
      const background = rows([0, 2], ["blue", "red"]);
      const found = await explain(coloured(), rows([5], ["red"]), background, { method });
      expect(found.feature_contributions.map((one) => one.feature_value)).toEqual([5, "red"]);
      close(found, [4, 1.5]);
    },
  );

  test("a text that the background never saw is explained, too", async () => {
    const background = rows([0, 0], ["red", "red"]);
    const found = await explain(coloured(), rows([0], ["puce"]), background, { method: "exact" });
    close(found, [0, -3]);
  });
});

describe("a text", () => {
  const WORDS = ["bad", "dull", "good", "great"];
  const WORTH = [-2, -1, 1, 3];
  const described = withDescription(
    (() => {
      const b = GraphBuilder.empty(17);
      const weights = b.constant(floatTensor([4, 1], WORTH), "weights");
      b.output(b.node("MatMul", [b.input("review", "float32", ["n", 4]), weights]), "score");
      return b.model();
    })(),
    {
      feature_names: null,
      class_names: null,
      categorical_features: null,
      preprocessing: [
        {
          version: 1,
          kind: "text",
          input: "review",
          unicode: null,
          lowercase: true,
          strip_accents: null,
          tokens: { by: "words" },
          ngrams: [1, 1],
          vector: { by: "counts", vocabulary: WORDS, binary: false, norm: "none" },
        },
      ],
    },
  );
  const of = (text: string): Feeds => ({ review: { type: "string", dims: [1], data: [text] } });
  const TEXT = "A great film, and not dull.";

  test.each([
    ["shap", 1e-6],
    ["kernel", 1e-6],
    ["exact", 1e-6],
    ["permutation", 1e-6],
    ["lime", 0.2],
  ] as const)("by %s gives each word what it is worth", async (method, slack) => {
    const options = method === "lime" ? { features: 6, samples: 2_000 } : {};
    const found = await explain(described, of(TEXT), of("nothing"), { method, options });
    expect(found.players).toBe("words");
    const worth = new Map(
      found.feature_contributions.map(({ feature_name, contribution }) => [
        feature_name,
        contribution,
      ]),
    );
    expect([...worth.keys()].map((word) => word.toLowerCase()).toSorted()).toEqual([
      "a",
      "and",
      "dull",
      "film",
      "great",
      "not",
    ]);
    for (const [word, value] of worth) {
      const at = WORDS.indexOf(word.toLowerCase());
      expect(Math.abs(value - (WORTH[at] ?? 0)), `${method} ${word}`).toBeLessThan(slack);
    }
    expect(found.words?.map(({ text }) => text).join("")).toBe(TEXT);
    expect(found.actual_prediction).toBeCloseTo(2);
  });

  test.each(["shap", "kernel", "exact", "permutation", "lime"] as const)(
    "of one word is explained by %s, too",
    async (method) => {
      const found = await explain(described, of("Great!"), of("x"), { method });
      const [only] = found.feature_contributions;
      expect(only?.feature_name).toBe("Great");
      // The only other text of LIME is far away, so that its ridge shrinks what it says of it.
      if (method === "lime") expect(only?.contribution).toBeGreaterThan(1);
      else expect(only?.contribution).toBeCloseTo(3);
    },
  );

  test("comes out of a request's inputs as it went in", () => {
    const { inputs, outputs } = signatureOf(described);
    const preparation = { description: null, pipelines: [] };
    const read = rowsFromInputs({ inputs, outputs }, preparation, { review: [[1, 2, 3, 4]] });
    expect(read.ok && read.value["review"]?.dims).toEqual([1, 4]);
  });

  test("has no groups, and cannot be empty", async () => {
    const groups = { one: ["great"] };
    await expect(
      explain(described, of(TEXT), of("x"), { method: "kernel", groups }),
    ).rejects.toMatchObject({ problem: { code: "option_invalid", field: "groups" } });
    await expect(
      explain(described, of("..."), of("x"), { method: "kernel" }),
    ).rejects.toMatchObject({ problem: { code: "value_invalid" } });
  });
});

describe("a short signal", () => {
  /** The mean of a signal of any length. */
  function meaning(): Model {
    const b = GraphBuilder.empty(17);
    b.output(b.node("GlobalAveragePool", [b.input("x", "float32", ["n", 1, "t"])]), "y");
    return b.model();
  }
  const signal = (...values: number[]): Feeds => ({
    x: { type: "float32", dims: [1, 1, values.length], data: Float32Array.from(values) },
  });

  test.each([1, 2, 7])(
    "of %i samples has as many segments, where nobody says how many",
    async (length) => {
      const values = Array.from({ length }, (_, at) => at + 1);
      const zeros = signal(...values.map(() => 0));
      const found = await explain(meaning(), signal(...values), zeros, { method: "kernel" });
      expect(found.players).toBe("segments");
      close(
        found,
        values.map((value) => value / length),
      );
    },
  );
});

describe("LIME of a table", () => {
  /** y is 1 where a > 0.5, whatever b is. */
  function step(): Model {
    const b = GraphBuilder.empty(17);
    const x = b.input("x", "float32", ["n", 2]);
    const first = b.node("MatMul", [x, b.constant(floatTensor([2, 1], [1, 0]))]);
    const high = b.node("Cast", [b.node("Greater", [first, b.constant(floatTensor([1], [0.5]))])], {
      to: 1,
    });
    const low = b.node("Sub", [b.constant(floatTensor([1], [1])), high]);
    b.output(b.node("Concat", [low, high], { axis: 1 }), "probabilities");
    return b.model();
  }
  const training = Array.from({ length: 80 }, (_, at) => [at / 80, (at * 37) % 80]);

  test("bins by entropy where the model's own classes change", async () => {
    const found = await explain(
      step(),
      { x: table([[0.9, 3]]) },
      { x: table(training) },
      {
        method: "lime",
        options: { discretiser: "entropy", samples: 1_000 },
      },
    );
    const [first, second] = found.feature_contributions;
    expect(first?.rule).toMatch(/^x\[0\] > 0\.5/);
    expect(Math.abs(first?.contribution ?? 0)).toBeGreaterThan(
      10 * Math.abs(second?.contribution ?? 1),
    );
  });

  test("takes numbers for names where the model's file says so", async () => {
    const described = withDescription(step(), {
      feature_names: ["size", "kind"],
      class_names: ["low", "high"],
      categorical_features: ["kind"],
      preprocessing: [],
    });
    const found = await explain(
      described,
      { x: table([[0.9, 3]]) },
      { x: table(training) },
      {
        method: "lime",
        options: { samples: 500 },
      },
    );
    expect(found.feature_contributions[1]?.rule).toBe("kind = 3");
    expect(found.target.class_name).toBe("high");
  });
});

describe("the cost of an explanation", () => {
  const costs = async (
    request: Partial<ExplainRequest> & Pick<ExplainRequest, "method">,
    background = 10,
  ) => {
    const feeds = { x: table([INSTANCE]) };
    const subject = await openSubject(
      wasmRuntime,
      writeModel(linear()),
      signatureOf(linear()),
      feeds,
    );
    const cost = costOf(subject, asked(request), request.method as Method, background);
    await releaseSubject(subject);
    return cost / subject.macs_per_row;
  };

  test("is in rows of the model", async () => {
    expect(await costs({ method: "exact" })).toBe(16 * 10);
    expect(await costs({ method: "exact", groups: { a: ["x[0]", "x[1]", "x[2]"] } })).toBe(4 * 10);
    expect(await costs({ method: "kernel", options: { samples: 100 } })).toBe(100 * 10);
    expect(await costs({ method: "lime" }, 999)).toBe(5_000);
    expect(await costs({ method: "saliency" })).toBe(3);
  });

  test("has in it how long a limit may make it, unless a deadline ends that", async () => {
    const limits = { max_residual: 1e-9 };
    const usual = await costs({ method: "gradient" });
    expect(await costs({ method: "gradient", limits })).toBeGreaterThan(1_000 * usual);
    expect(await costs({ method: "gradient", limits: { ...limits, deadline_ms: 100 } })).toBe(
      usual,
    );
    const steps = await costs({ method: "integrated_gradients" });
    expect(await costs({ method: "integrated_gradients", limits })).toBeGreaterThan(80 * steps);
  });

  test("a limit may ask for more than the samples that were asked for, up to the most there are", async () => {
    const found = await explain(
      linear(),
      { x: table([[3, 2, 2, 7]]) },
      { x: table(BACKGROUND) },
      { method: "gradient", options: { samples: 1_000 }, limits: { max_residual: 1e-5 } },
    );
    expect(found.stopped).toBe("max_residual");
  });
});

describe("what is kept for a model", () => {
  test("is made once, and made anew where that failed", async () => {
    const kept = new Kept();
    let made = 0;
    const make = () => ({ number: (made += 1) });
    expect(await Promise.all([kept.once("a", make), kept.once("a", make)])).toEqual([
      { number: 1 },
      { number: 1 },
    ]);
    await expect(kept.once("b", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await kept.once("b", make)).toEqual({ number: 2 });
  });

  test("is let go of when there is much of it and nobody uses any", async () => {
    const kept = new Kept();
    const released: number[] = [];
    const fill = async () => {
      for (let at = 0; at < 20; at += 1)
        await kept.once(String(at), () => ({ release: () => void released.push(at) }));
    };
    await kept.during(async () => {
      await kept.during(fill);
      expect(released).toEqual([]);
    });
    expect(released).toHaveLength(20);
  });
});
