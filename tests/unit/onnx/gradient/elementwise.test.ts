import { describe, expect, test } from "vitest";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { addGradients } from "../../../../domain/onnx/gradient/add-gradients.ts";
import { differentiate, gradientName } from "../../../../domain/onnx/gradient/differentiate.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { attempt } from "../../../../domain/onnx/onnx-fault.ts";
import { filledTensor, scalarTensor } from "../../../../domain/onnx/tensors.ts";
import { numbers, toTensor, type Numbers } from "../../../../domain/onnx/interpret/array.ts";
import { checkGradient } from "../support/gradient-check.ts";
import { gradientAt } from "../support/gradient-at.ts";
import { apart, normals, randomOf } from "../support/random-numbers.ts";
import { runOnWasm } from "../../../fixtures/wasm-runtime.ts";
import { checkOnWasm } from "../support/wasm-check.ts";

const random = randomOf("elementwise");

const mapped = (x: Numbers, change: (element: number) => number): Numbers => ({
  ...x,
  data: x.data.map(change),
});

/** Two or three axes of one to three elements. */
const someDims = (): number[] =>
  Array.from({ length: 2 + random.integer(2) }, () => 1 + random.integer(3));

const anywhere = (): Numbers => mapped(normals(random, someDims()), (x) => 1.5 * x);
const positive = (): Numbers => mapped(anywhere(), (x) => 0.3 + Math.abs(x));
const within = (): Numbers => mapped(anywhere(), (x) => 0.95 * Math.tanh(x));
const above = (): Numbers => mapped(anywhere(), (x) => 1.1 + Math.abs(x));

/** Not within 0.01 of a kink. */
const awayFrom =
  (...kinks: number[]) =>
  (): Numbers =>
    mapped(anywhere(), (x) =>
      kinks.some((kink) => Math.abs(2 * x - kink) < 0.01) ? 2 * x + 0.03 : 2 * x,
    );

type Case = [operator: string, input: () => Numbers, attributes?: AttributeLiterals];

const UNARY: Case[] = [
  ["Identity", anywhere],
  ["Neg", anywhere],
  ["Exp", anywhere],
  ["Log", positive],
  ["Sqrt", positive],
  ["Reciprocal", positive],
  ["Erf", anywhere],
  ["Sin", anywhere],
  ["Cos", anywhere],
  ["Tan", within],
  ["Sinh", anywhere],
  ["Cosh", anywhere],
  ["Tanh", anywhere],
  ["Asin", within],
  ["Acos", within],
  ["Atan", anywhere],
  ["Asinh", anywhere],
  ["Acosh", above],
  ["Atanh", within],
  ["Abs", awayFrom(0)],
  ["Relu", awayFrom(0)],
  ["LeakyRelu", awayFrom(0)],
  ["LeakyRelu", awayFrom(0), { alpha: 0.3 }],
  ["ThresholdedRelu", awayFrom(0.7), { alpha: 0.7 }],
  ["Elu", awayFrom(0)],
  ["Elu", awayFrom(0), { alpha: 0.4 }],
  ["Celu", awayFrom(0)],
  ["Celu", awayFrom(0), { alpha: 2.5 }],
  ["Selu", awayFrom(0)],
  ["Selu", awayFrom(0), { alpha: 2, gamma: 3 }],
  ["Shrink", awayFrom(-0.5, 0.5)],
  ["Shrink", awayFrom(-1, 1), { lambd: 1, bias: 1 }],
  ["HardSigmoid", awayFrom(-2.5, 2.5)],
  ["HardSigmoid", awayFrom(-0.75, 0.5), { alpha: 0.8, beta: 0.6 }],
  ["HardSwish", awayFrom(-3, 3)],
  ["Sigmoid", anywhere],
  ["Softplus", anywhere],
  ["Softsign", anywhere],
  ["Mish", anywhere],
  ["Gelu", anywhere],
  ["Gelu", anywhere, { approximate: "tanh" }],
  ["Ceil", awayFrom(...Array.from({ length: 41 }, (_, index) => index - 20))],
  ["Round", awayFrom(...Array.from({ length: 41 }, (_, index) => index - 20.5))],
  ["Sign", awayFrom(0)],
];

/** Operators that ONNX Runtime does not have yet. */
const NEWEST: Case[] = [
  ["Swish", anywhere],
  ["Swish", anywhere, { alpha: 1.7 }],
];

const described = ([operator, , attributes]: Case): string =>
  `${operator} ${JSON.stringify(attributes ?? {})}`;

describe("gradients of functions of one value", () => {
  test.each([...UNARY, ...NEWEST].map((unary) => [described(unary), unary] as const))(
    "%s",
    (name, [operator, input, attributes]) => {
      const inputs = { x: input() };
      checkGradient({ name, inputs, build: (b) => b.node(operator, ["x"], attributes) });
    },
  );

  test("all run on ONNX Runtime", async () => {
    const dims = [2, 3];
    const inputs = Object.fromEntries(
      UNARY.map(([, input], index) => {
        const { data } = input();
        const filling = numbers(
          "float64",
          dims,
          Array.from({ length: 6 }, (_, at) => data[at % data.length] ?? 0),
        );
        return [`x${index}`, filling];
      }),
    );
    await checkOnWasm({
      name: "unary",
      inputs,
      build: (b) =>
        b.node(
          "Sum",
          UNARY.map(([operator, , attributes], index) =>
            b.node(operator, [`x${index}`], attributes),
          ),
        ),
    });
  });
});

/** Shapes that broadcast to one of three axes. */
const broadcastingDims = (): number[] => {
  const dims = [2, 3, 2].map((size) => (random.uniform() < 0.3 ? 1 : size));
  return dims.slice(random.integer(3));
};

const severalApart = (count: number): Record<string, Numbers> => {
  const values = apart(random, [count, 12]);
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const dims = broadcastingDims();
      const size = dims.reduce((a, b) => a * b, 1);
      return [`x${index}`, numbers("float64", dims, values.data.slice(index * 12).slice(0, size))];
    }),
  );
};

const pair = (first: (dims: number[]) => Numbers, second = first): Record<string, Numbers> => ({
  x0: first(broadcastingDims()),
  x1: second(broadcastingDims()),
});

const anyOf = (dims: number[]): Numbers => normals(random, dims);
const nonZero = (dims: number[]): Numbers => apart(random, dims, 0.2);
const positiveOf = (dims: number[]): Numbers => mapped(anyOf(dims), (x) => 0.3 + Math.abs(x));

const BROADCASTING: [string, () => Record<string, Numbers>, AttributeLiterals?][] = [
  ["Add", () => pair(anyOf)],
  ["Sub", () => pair(anyOf)],
  ["Mul", () => pair(anyOf)],
  ["Div", () => pair(anyOf, nonZero)],
  ["Pow", () => pair(positiveOf, anyOf)],
  ["Mod", () => pair(anyOf, (dims) => mapped(positiveOf(dims), (x) => 5 + x)), { fmod: 1 }],
  ["PRelu", () => ({ x0: nonZero([2, 3, 2]), x1: anyOf(broadcastingDims()) })],
  ["Sum", () => severalApart(3)],
  ["Mean", () => severalApart(4)],
  ["Max", () => severalApart(3)],
  ["Max", () => severalApart(1)],
  ["Min", () => severalApart(4)],
];

describe("gradients of operators that broadcast", () => {
  describe.each(BROADCASTING)("%s", (operator, inputsOf, attributes) => {
    test.each([1, 2, 3])("round %s", (round) => {
      const inputs = inputsOf();
      checkGradient({
        name: `${operator} ${round}`,
        inputs,
        build: (b) => b.node(operator, Object.keys(inputs), attributes),
      });
    });
  });

  test.each(BROADCASTING)("%s runs on ONNX Runtime", async (operator, inputsOf, attributes) => {
    const inputs = inputsOf();
    await checkOnWasm({
      name: operator,
      inputs,
      build: (b) => b.node(operator, Object.keys(inputs), attributes),
      profiles: ["wasm", "webgpu"],
    });
  });

  test("a free batch size", () => {
    for (const operator of ["Mul", "Div", "Max"])
      checkGradient({
        name: `${operator} with a symbol`,
        inputs: { x: nonZero([4, 3]), y: nonZero([4, 1]) },
        symbolic: true,
        build: (b) => b.node(operator, ["x", "y"]),
      });
  });

  test("a value that is used twice gets the sum", () => {
    checkGradient({
      name: "square",
      inputs: { x: anyOf([3]) },
      build: (b) => b.node("Mul", ["x", "x"]),
    });
  });

  test("Mod with the sign of the divisor", () => {
    checkGradient({
      name: "Mod",
      inputs: {
        x: mapped(anyOf([3, 4]), (x) => 0.3 * Math.tanh(x) - 0.5),
        y: numbers("float64", [1], [1.7]),
      },
      build: (b) => b.node("Mod", ["x", "y"], { fmod: 0 }),
    });
  });

  test("SwiGLU", () => {
    checkGradient({
      name: "SwiGLU",
      inputs: { a: anyOf([2, 3]), b: anyOf([2, 3]) },
      build: (b) => b.node("SwiGLU", ["a", "b"], { alpha: 1.3 }),
    });
  });

  test.each([-1, 0, 0.5, 1, 2, 3])("Pow with the constant exponent %s", (exponent) => {
    checkGradient({
      name: `Pow ${exponent}`,
      inputs: { x: positiveOf([2, 3]) },
      build: (b) => b.node("Pow", ["x", b.scalar(exponent, "float64")]),
    });
  });

  test("Pow with whole exponents of another type, of negative bases too", () => {
    checkGradient({
      name: "Pow of integers",
      inputs: { x: nonZero([2, 3]), p: numbers("int64", [3], [0, 1, 3]) },
      build: (b) => b.node("Pow", ["x", "p"]),
    });
  });

  test("Where, whose condition broadcasts", () => {
    checkGradient({
      name: "Where",
      inputs: { x: anyOf([2, 3]), y: anyOf([3]), condition: numbers("bool", [2, 1], [1, 0]) },
      build: (b) => b.node("Where", ["condition", "x", "y"]),
    });
  });
});

describe("Clip", () => {
  const x = numbers("float64", [5], [-3, -1, 0.5, 2, 4]);

  test.each([
    ["both bounds", ["x", "low", "high"], [0, 1, 1, 1, 0]],
    ["a lower bound", ["x", "low"], [0, 1, 1, 1, 1]],
    ["an upper bound", ["x", "", "high"], [1, 1, 1, 1, 0]],
    ["no bound", ["x"], [1, 1, 1, 1, 1]],
  ])("passes within %s and at them", (_bounds, names, expected) => {
    const found = gradientAt({ x }, (b) => {
      b.constant(scalarTensor("float64", -1), "low");
      b.constant(scalarTensor("float64", 2), "high");
      return b.node("Clip", names);
    });
    expect(found["x"]).toEqual(expected);
  });

  test("bounds get the gradient of what they replace", () => {
    checkGradient({
      name: "Clip",
      inputs: {
        x: numbers("float64", [6], [-3, -2, -0.5, 0.5, 2, 4]),
        low: numbers("float64", [], [-1]),
        high: numbers("float64", [], [1.5]),
      },
      build: (b) => b.node("Clip", ["x", "low", "high"]),
    });
  });

  test.each([
    ["cross", 2, 1],
    ["meet", 1, 1],
  ])("the upper bound alone counts where they %s", (_how, low, high) => {
    const beside = numbers("float64", [3], [-3, 0.5, 4]);
    const bounds = { low: numbers("float64", [], [low]), high: numbers("float64", [], [high]) };
    const { low: ofLow, high: ofHigh } = gradientAt({ x: beside, ...bounds }, (b) =>
      b.node("Clip", ["x", "low", "high"]),
    );
    expect(ofLow).toEqual([0]);
    expect(ofHigh).toEqual([low > high ? 3 : 1]);
  });

  test("runs on ONNX Runtime", async () => {
    await checkOnWasm({
      name: "Clip on wasm",
      inputs: { x },
      build: (b) => b.node("Clip", ["x", b.scalar(-1.5), b.scalar(3)]),
    });
  });
});

describe("at kinks", () => {
  const at = (values: number[]) => ({ x: numbers("float64", [values.length], values) });

  test.each([
    ["Relu", [-1, 0, 1], [0, 0, 1]],
    ["Abs", [-2, 0, 2], [-1, 0, 1]],
    ["LeakyRelu", [-1, 0, 1], [0.01, 0.01, 1]],
    ["HardSigmoid", [-2.5, 0, 2.5], [0, 0.2, 0]],
    ["HardSwish", [-3, 0, 3], [0, 0.5, 1]],
    ["Shrink", [-0.5, 0, 0.5], [0, 0, 0]],
    ["Elu", [0], [1]],
    ["Sign", [-1, 0, 1], [0, 0, 0]],
  ])("%s has PyTorch's slope", (operator, values, expected) => {
    for (const profile of ["wasm", "webgpu"] as const)
      expect(gradientAt(at(values), (b) => b.node(operator, ["x"]), profile)["x"]).toEqual(
        expected,
      );
  });

  test("equal maxima share", () => {
    const inputs = { ...at([1, 5, 2]), y: numbers("float64", [3], [1, 4, 3]) };
    expect(gradientAt(inputs, (b) => b.node("Max", ["x", "y"]))).toEqual({
      x: [0.5, 1, 0],
      y: [0.5, 0, 1],
    });
  });

  test("a power with the exponent 0 is flat where its base is 0", () => {
    const inputs = { ...at([0, 0, 3]), p: numbers("float64", [3], [0, 2, 0]) };
    expect(gradientAt(inputs, (b) => b.node("Pow", ["x", "p"]))).toEqual({
      x: [0, 0, 0],
      p: [0, 0, Math.log(3)],
    });
    const toTheZeroth = gradientAt(at([0, 3]), (b) => b.node("Pow", ["x", b.scalar(0, "float64")]));
    expect(toTheZeroth["x"]).toEqual([0, 0]);
  });

  test("far from the origin nothing overflows", () => {
    const far = [-800, 800];
    for (const operator of ["Elu", "Selu", "Celu", "Softplus", "Sigmoid", "Gelu", "Mish", "Tanh"])
      for (const slope of gradientAt(at(far), (b) => b.node(operator, ["x"]))["x"] ?? [])
        expect(Number.isFinite(slope), operator).toBe(true);
  });
});

describe("Cast", () => {
  test("brings the gradient back to the type of its input", () => {
    const x = numbers("float16", [2], [1.5, -2]);
    const found = gradientAt({ x }, (b) => {
      const single = b.node("Cast", ["x"], { to: 1 });
      return b.node("Mul", [single, single]);
    });
    expect(found["x"]).toEqual([3, -4]);
  });

  test("to integers lets nothing through", () => {
    const found = gradientAt({ x: numbers("float64", [2], [1.5, -2]) }, (b) => {
      const whole = b.node("CastLike", [b.node("Cast", ["x"], { to: 7 }), "x"]);
      return b.node("Mul", ["x", whole]);
    });
    expect(found["x"]).toEqual([1, -2]);
  });
});

describe("Dropout", () => {
  const x = numbers(
    "float32",
    [2, 64],
    Array.from({ length: 128 }, (_, index) => index + 1),
  );

  test("passes everything where it does not train", () => {
    const inputs = { x: normals(random, [3, 2]) };
    checkGradient({ name: "Dropout", inputs, build: (b) => b.node("Dropout", ["x"]) });
    expect(
      gradientAt(inputs, (b) => {
        const training = b.constant(filledTensor("bool", [], 0));
        return b.node("Dropout", ["x", b.scalar(0.5, "float64"), training]);
      })["x"],
    ).toEqual(Array(6).fill(1));
  });

  test.each([
    ["always", undefined, true],
    ["as an input says", true, true],
    ["as an input says not", false, false],
  ])("training %s, passes what was kept, scaled as it was", async (_when, training, drops) => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", x.dims);
    if (training === undefined) b.constant(filledTensor("bool", [], 1), "training");
    else b.input("training", "bool", []);
    const [y = ""] = b.nodes("Dropout", ["x", b.scalar(0.25), "training"], ["y", "mask"]);
    b.output(y);
    const model = differentiate(b.model(), {
      of: y,
      with_respect_to: ["x"],
      keep_outputs: true,
    });
    const feeds = {
      x: toTensor(x),
      ...(training === undefined ? {} : { training: filledTensor("bool", [], Number(training)) }),
    };
    const found = await runOnWasm(model, feeds);
    const dropped = Array.from(found["y"]?.data ?? [], Number);
    const gradient = Array.from(found[gradientName("x")]?.data ?? [], Number);
    expect(gradient).toHaveLength(128);
    for (const [index, value] of dropped.entries())
      expect(gradient[index]).toBeCloseTo(value / (index + 1), 5);
    expect(dropped.includes(0)).toBe(drops);
  });

  test("names the mask that it needs", () => {
    const result = attempt(() =>
      gradientAt({ x }, (b) => {
        const training = b.constant(filledTensor("bool", [], 1));
        return b.node("Dropout", ["x", b.scalar(0.5), training]);
      }),
    );
    expect(result).toMatchObject({
      ok: false,
      error: { code: "unsupported", operator: "Dropout" },
    });
  });
});

describe("what is emitted", () => {
  /** The operators that the gradient of a node adds to the graph. */
  const emitted = (build: (b: GraphBuilder) => string, type: "float16" | "float32"): string[] => {
    const b = GraphBuilder.empty();
    b.input("x", type, ["batch", 3]);
    b.input("y", type, ["batch", 3]);
    const of = build(b);
    const before = b.nodeList.length;
    addGradients(b, { of, with_respect_to: ["x"], profile: "webgpu" });
    return b.nodeList.slice(before).map(({ opType }) => opType);
  };

  test("for WebGPU, nothing that it does not have", () => {
    const missing = new Set(
      "Sign Sum Min Max Identity ConstantOfShape OneHot TopK LogSoftmax ScatterElements Scan".split(
        " ",
      ),
    );
    for (const [operator, , attributes] of [...UNARY, ...NEWEST])
      for (const found of emitted((b) => b.node(operator, ["x"], attributes), "float32"))
        expect(missing, operator).not.toContain(found);
    for (const [operator, , attributes] of BROADCASTING)
      for (const found of emitted((b) => b.node(operator, ["x", "y"], attributes), "float32"))
        expect(missing, operator).not.toContain(found);
  });

  test("takes float16 as it takes float32", () => {
    for (const [operator, , attributes] of [...UNARY, ...NEWEST]) {
      const build = (b: GraphBuilder): string => b.node(operator, ["x"], attributes);
      expect(emitted(build, "float16"), operator).toEqual(emitted(build, "float32"));
    }
  });
});
