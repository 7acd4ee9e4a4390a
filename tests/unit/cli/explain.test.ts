import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Answer, problem, type Received, standIn } from "../sdk/stand-in.ts";
import {
  drift,
  ENDED,
  explanation,
  globalExplanation,
  job,
  VERSION,
} from "./explanation-fixture.ts";
import { capture, KEY, runCli, temporaryFolder } from "./run-cli.ts";

const VIEW = explanation([
  ["texture", 12.345678, -0.1, 0.01],
  ["radius", 3, 0.4, 0.02],
  ["area", null, 0.0123456],
  ["rest", 0, 0.08766, 0],
]);

/** A platform that knows version 2 of wdbc, and whose other answers are these. */
const platform = (answer: (request: Received) => Answer) =>
  standIn((request) =>
    request.path === "/v1/models/wdbc/versions/2" ? { json: VERSION } : answer(request),
  );

/** Runs `linnet explain …` beside files, and answers with the body that was posted. */
async function explain(
  args: string[],
  {
    files = {},
    json = VIEW,
    ...world
  }: {
    files?: Record<string, string>;
    json?: unknown;
    input?: string;
    terminal?: boolean;
  } = {},
) {
  const cwd = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(join(cwd, name), content);
  const { url, received } = await platform(({ method }) =>
    method === "POST" ? { json } : { text: "<svg>a picture</svg>" },
  );
  const ran = await runCli(["explain", ...args], { url, cwd, ...world });
  const posted = received.find(({ method }) => method === "POST");
  const sent: unknown = posted ? JSON.parse(posted.body) : null;
  return { ...ran, cwd, sent, posted, received };
}

const INPUT = '{"features":[[1,2]]}';

describe("explain", () => {
  it("shows the greatest contributions first, with bars, and how they were found", async () => {
    const { code, stdout, stderr, sent } = await explain([
      "wdbc@2",
      "--input",
      INPUT,
      "--top",
      "3",
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(sent).toEqual({
      model: "wdbc",
      version: 2,
      inputs: { features: [[1, 2]] },
      top_k_features: 3,
    });
    expect(stdout).toBe(`explanation  xpl_1
of           wdbc@2, probabilities[1]
prediction   0.9
base         0.5
residual     0
method       kernel, 2,048 rows run
time         12.00 ms

feature  value  contribution      95 %
radius       3       +0.4000  ± 0.0200          │████████
texture  12.35       -0.1000  ± 0.0100        ██│
rest         0       +0.0877     exact          │██
1 other              +0.0123
`);
  });

  it("says what is left unexplained, why it stopped, and what came from the cache", async () => {
    const json = explanation([["a", 1, 0.3]], {
      residual: -0.04,
      stopped: "deadline",
      cached: true,
      notes: ["a note", "another"],
      target: { output: "label", index: 0, class_name: "benign" },
    });
    const { stdout } = await explain(["wdbc@2", "--input", INPUT], { json });
    expect(stdout).toContain("wdbc@2, label of benign\n");
    expect(stdout).toContain("-0.04 (10.00 % of prediction less base)\n");
    expect(stdout).toContain("kernel, 2,048 rows run, stopped at the deadline\n");
    expect(stdout).toContain("cached; it took 12.00 ms\n");
    expect(stdout).toContain("a note; another\n");
  });

  it("shows the rules and the fit of a surrogate, and leaves out what it left out", async () => {
    const json = explanation(
      [
        ["a", 1, 0.3],
        ["b", 1, 0],
      ],
      {
        method: "lime",
        residual: null,
        fit: { intercept: 0.1, local_prediction: 0.85, r2: 0.4567 },
      },
    );
    json.feature_contributions[0] = Object.assign({}, json.feature_contributions[0], {
      rule: "0 < a <= 2",
    });
    const { stdout } = await explain(["wdbc@2", "--input", INPUT, "--top", "1"], { json });
    expect(stdout).toContain("R² 0.4567, says 0.85\n");
    expect(stdout).toMatch(/^0 < a <= 2 +1 +\+0\.3000/m);
    expect(stdout).not.toContain("residual");
    expect(stdout).not.toContain("other");
  });

  it("shows interactions, and the change that makes it another class", async () => {
    const interactions = [
      { feature: "a", with: "b", value: 0.01 },
      { feature: "a", with: "c", value: -0.2 },
    ];
    const together = explanation([["a", 1, 0.3]], { interactions });
    const one = await explain(["wdbc@2", "--input", INPUT, "--interactions"], { json: together });
    expect(one.sent).toMatchObject({ include_interactions: true });
    expect(one.stdout).toMatch(/a +c +-0\.2\na +b +\+0\.01\n$/);

    const counterfactual = {
      found: true,
      distance: 0.25,
      norm: "linf",
      from_class: "benign",
      to_class: "malignant",
      changes: [
        { feature_name: "a", from: 1, to: 2 },
        { feature_name: "b", from: 3, to: 4 },
      ],
    };
    const args = ["wdbc@2", "--input", INPUT, "--top", "1"];
    const changed = await explain(args, { json: explanation([["a", 1, 0.3]], { counterfactual }) });
    expect(changed.stdout).toContain("benign becomes malignant at a distance of 0.25 (linf)\n");
    expect(changed.stdout).toMatch(/feature +from +to\na +1 +2\nand 1 other: --top 2\n$/);
    const none = explanation([], { counterfactual: { ...counterfactual, found: false } });
    const unchanged = await explain(args, { json: none });
    expect(unchanged.stdout).toContain("No change within bounds makes it other than benign");
  });

  it("takes a row of a table by its number, and names from its head", async () => {
    const files = { "d.csv": "radius,benign,texture\n1,0,2\n3,1,4\n" };
    const args = ["wdbc@2", "--data", "d.csv", "--label-column", "benign", "--scale", "10"];
    const second = await explain([...args, "--row", "2"], { files });
    expect(second.sent).toMatchObject({
      inputs: { features: { shape: [1, 2], data: [30, 40] } },
      feature_names: ["radius", "texture"],
    });
    const unsaid = await explain(args, { files });
    expect(unsaid).toMatchObject({ code: 2, sent: null });
    expect(unsaid.stderr).toContain("there are 2 rows: choose one with --row");
    const beyond = await explain([...args, "--row", "3"], { files });
    expect(beyond.stderr).toContain("there is no row 3 among 2");
  });

  it("takes the row as JSON in place, in a file, on standard input, or by a kept prediction", async () => {
    const rows = '{"inputs":{"features":[[1,2],[3,4]]}}';
    const file = await explain(["wdbc@2", "--input", "row.json", "--row", "2"], {
      files: { "row.json": rows },
    });
    expect(file.sent).toMatchObject({ inputs: { features: [[3, 4]] } });
    const piped = await explain(["wdbc@2", "--input", "-"], { input: INPUT });
    expect(piped.sent).toMatchObject({ inputs: { features: [[1, 2]] } });
    const kept = await explain(["wdbc@champion", "--prediction", "prd_1"]);
    expect(kept.sent).toEqual({ model: "wdbc", alias: "champion", prediction_id: "prd_1" });
  });

  it("sends all that is typed of how", async () => {
    const files = {
      "options.json": '{"samples":500}',
      "background.csv": "a,b\n5,6\n",
      "rows.json": '{"inputs":{"features":[[7,8]]}}',
    };
    const flags =
      "--method kernel --options @options.json --class 1 --output probabilities --seed 7 --deadline 250.5 --max-residual 0.01 --fresh --background background.csv";
    const groups = '{"size":["a","b"]}';
    const { sent } = await explain(
      ["wdbc@2", "--input", INPUT, ...flags.split(" "), "--groups", groups],
      { files },
    );
    expect(sent).toEqual({
      model: "wdbc",
      version: 2,
      inputs: { features: [[1, 2]] },
      method: "kernel",
      options: { samples: 500 },
      target: { output: "probabilities", class: 1 },
      seed: 7,
      limits: { deadline_ms: 250.5, max_residual: 0.01 },
      fresh: true,
      background: { inputs: { features: { shape: [1, 2], data: [5, 6] } } },
      groups: { size: ["a", "b"] },
    });
    const named = await explain([
      "wdbc@2",
      "--input",
      INPUT,
      "--background",
      "v1.2",
      "--class",
      "benign",
    ]);
    expect(named.sent).toMatchObject({ background: "v1.2", target: { class: "benign" } });
    const args = ["wdbc@2", "--data", "t.csv", "--label-column", "y"];
    const beside = await explain([...args, "--background", "t.csv"], {
      files: { "t.csv": "a,y,b\n5,0,6\n" },
    });
    expect(beside.sent).toMatchObject({
      background: { inputs: { features: { shape: [1, 2], data: [5, 6] } } },
    });
    const json = await explain([...args, "--background", "rows.json"], {
      files: { ...files, "t.csv": "a,y,b\n5,0,6\n" },
    });
    expect(json.sent).toMatchObject({ background: { inputs: { features: [[7, 8]] } } });
  });

  it.each([
    ["no model", [], "name a model"],
    ["no row", ["wdbc"], "give the row with --input or --data, or a kept --prediction"],
    ["two rows", ["wdbc", "--input", INPUT, "--data", "d.csv"], "--input or --data, not both"],
    ["a row and a prediction", ["wdbc", "--input", INPUT, "--prediction", "prd_1"], "give the row"],
    ["a file that is none", ["wdbc", "--input", "row.json"], "cannot read row.json"],
    ["no object", ["wdbc", "--input", "-"], "the input is not JSON"],
    ["options that are none", ["wdbc", "--input", INPUT, "--options", "x"], "is not JSON"],
    [
      "a plot without a place",
      ["wdbc", "--input", INPUT, "--plot", "bar"],
      "--plot is of a picture",
    ],
    ["a seed that is none", ["wdbc", "--input", INPUT, "--seed", "x"], "Expected a whole number"],
  ])("refuses %s", async (_, args, message) => {
    const { code, stderr, sent } = await explain(args);
    expect(stderr).toContain(message);
    expect({ code, sent }).toEqual({ code: 2, sent: null });
  });

  it("hints at what to do where rows to compare with are missing", async () => {
    const { url } = await platform(() => problem(422, "background_missing"));
    const ran = await runCli(["explain", "wdbc", "--input", INPUT], { url });
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toContain("(background_missing)");
    expect(ran.stderr).toContain("`linnet backgrounds put <model> default --data <file>`");
  });

  it("with --json prints what the platform answers", async () => {
    const { stdout } = await explain(["wdbc@2", "--input", INPUT, "--json"]);
    expect(JSON.parse(stdout)).toEqual(VIEW);
  });
});

describe("explain --stream", () => {
  const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  const text = [
    event("estimate", explanation([["a", 1, 0.2, 0.05]], { model_rows: 1_000 })),
    event(
      "estimate",
      explanation([
        ["a", 1, 0.2, 0.01],
        ["b", 1, 0, 0.025],
      ]),
    ),
    event("explanation", VIEW),
  ].join("");

  it("tells on standard error how it gets better", async () => {
    const { url, received } = await platform(() => ({ text }));
    const args = ["explain", "wdbc", "--input", INPUT, "--stream"];
    const { code, stdout, stderr } = await runCli(args, { url });
    expect(code).toBe(0);
    expect(stderr).toBe(
      "kernel: 1,000 rows run, widest interval ± 0.05\nkernel: 2,048 rows run, widest interval ± 0.025\n",
    );
    expect(stdout).toMatch(/^explanation +xpl_1\n/);
    expect(received[0]?.headers.accept).toContain("text/event-stream");
    const json = await runCli([...args, "--json"], { url });
    expect(json.stderr).toBe("");
    expect(JSON.parse(json.stdout)).toEqual(VIEW);
  });

  it("ends where the stream breaks off", async () => {
    const { url } = await platform(() => ({ text: text.slice(0, 200) }));
    const ran = await runCli(["explain", "wdbc", "--input", INPUT, "--stream"], { url });
    expect(ran).toMatchObject({ code: 4, stdout: "" });
    expect(ran.stderr).toContain("broke off before the explanation");
  });
});

describe("pictures", () => {
  /** A picture that is opened stays for the browser; a test has no further use for it. */
  const forget = (path = "") =>
    onTestFinished(() => rm(dirname(path), { recursive: true, force: true }));

  it("are written where --svg says", async () => {
    const args = ["wdbc@2", "--input", INPUT, "--svg", "out.svg", "--plot", "waterfall"];
    const { stderr, cwd, received } = await explain(args);
    expect(stderr).toBe(`wrote ${join(cwd, "out.svg")}\n`);
    expect(await readFile(join(cwd, "out.svg"), "utf8")).toBe("<svg>a picture</svg>");
    expect(received.at(-1)).toMatchObject({
      path: "/v1/explanations/xpl_1",
      query: { plot: "waterfall" },
    });
    const nowhere = await explain(["wdbc@2", "--input", INPUT, "--svg", "no/where.svg"]);
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toContain("cannot write");
  });

  // Windows and macOS bring their own opener, which a test must not start.
  it.runIf(process.platform === "linux")("are opened with what the system has", async () => {
    const bin = await temporaryFolder();
    const { url } = await platform(({ method }) =>
      method === "POST" ? { json: VIEW } : { text: "<svg>a picture</svg>" },
    );
    const args = ["explain", "wdbc", "--input", INPUT, "--open"];
    const env = (path: string) => ({ LINNET_URL: url, LINNET_API_KEY: KEY, PATH: path });
    const without = await runCli(args, { env: env(bin) });
    expect(without.stderr).toMatch(/^nothing here opens a picture: it is in .+xpl_1\.svg\n$/);
    const [, path = ""] = /it is in (.+)\n/.exec(without.stderr) ?? [];
    forget(path);
    expect(await readFile(path, "utf8")).toBe("<svg>a picture</svg>");

    const opener = join(bin, "xdg-open");
    await writeFile(opener, "#!/bin/sh\nexit 3\n");
    await chmod(opener, 0o755);
    const refused = await runCli(args, { env: env(`${bin}${delimiter}/usr/bin${delimiter}/bin`) });
    expect(refused.stderr).toContain("nothing here opens a picture");
    forget(/it is in (.+)\n/.exec(refused.stderr)?.[1]);
    await writeFile(opener, '#!/bin/sh\necho "$1" > "$(dirname "$0")/opened"\n');
    const withOne = await runCli(args, { env: env(`${bin}${delimiter}/usr/bin${delimiter}/bin`) });
    const opened = (await readFile(join(bin, "opened"), "utf8")).trim();
    forget(opened);
    expect(withOne.stderr).toBe(`opened ${opened}\n`);
    expect(await readFile(opened, "utf8")).toBe("<svg>a picture</svg>");
    expect(dirname(opened)).not.toBe(dirname(path));
  });
});

describe("explain batch", () => {
  const items = [VIEW, explanation([["a", 1, 0.2]], { explanation_id: "xpl_2" })];
  const ROWS = { files: { "d.csv": "a,b\n1,2\n3,4\n5,6\n" } };

  it("shows a line for each row", async () => {
    const args = ["batch", "wdbc@2", "--data", "d.csv", "--rows", "2", "--method", "tree"];
    const { code, stdout, sent, posted } = await explain(args, { ...ROWS, json: { items } });
    expect(code).toBe(0);
    expect(posted?.path).toBe("/v1/explanations/batch");
    expect(sent).toEqual({
      model: "wdbc",
      version: 2,
      method: "tree",
      inputs: { features: { shape: [2, 2], data: [1, 2, 3, 4] } },
      feature_names: ["a", "b"],
    });
    expect(stdout).toBe(`row  explanation  class  prediction  most of it
  1  xpl_1        1             0.9  radius +0.4, texture -0.1, rest +0.08766
  2  xpl_2        1             0.9  a +0.2
`);
  });

  it("takes kept predictions, and refuses to guess", async () => {
    const args = ["batch", "wdbc@2", "--prediction", "prd_1", "--prediction", "prd_2"];
    const { sent } = await explain(args, { json: { items } });
    expect(sent).toEqual({ model: "wdbc", version: 2, prediction_ids: ["prd_1", "prd_2"] });
    const none = await explain(["batch", "wdbc@2"]);
    expect(none.code).toBe(2);
  });

  it("follows a job to its end, with a bar on a terminal", async () => {
    const { url } = await platform(({ method, path }) => {
      if (method === "POST") return { status: 202, json: job() };
      return path.startsWith("/v1/jobs/") ? { json: job(ENDED) } : { json: VIEW };
    });
    const args = ["explain", "batch", "wdbc", "--input", '{"features":[[1,2],[3,4]]}'];
    const ran = await runCli(args, { url, terminal: true });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/1 +xpl_1/);
    expect(ran.stderr).toMatch(/job_1 █+ +100 % {2}\S*1,200 rows of 1,200 rows/);
    const json = await runCli([...args, "--json"], { url });
    expect(JSON.parse(json.stdout)).toEqual({ items: [VIEW] });
  });

  it("with --no-wait prints the job and leaves it", async () => {
    const args = ["batch", "wdbc@2", "--input", INPUT, "--no-wait"];
    const { url, received } = await platform(() => ({ status: 202, json: job() }));
    const ran = await runCli(["explain", ...args], { url });
    expect(ran.code).toBe(0);
    expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({ wait: false });
    expect(ran.stdout).toBe(`job      job_1
kind     explain batch
status   running
of       wdbc@2
rows     300 of 1,200 (25.00 %)
made     xpl_1
created  2026-11-21 09:30:00
`);
    expect(ran.stderr).toBe("`linnet jobs wait job_1` shows what comes of it\n");
    expect(received).toHaveLength(1);
  });

  it("leaves the job running on Ctrl-C, and says how to go on", async () => {
    const controller = new AbortController();
    const { url, received } = await platform(({ method }) => {
      if (method === "POST") return { status: 202, json: job() };
      setTimeout(() => controller.abort(), 20);
      return { json: job() };
    });
    const args = ["explain", "batch", "wdbc", "--input", INPUT];
    const ran = await runCli(args, { url, signal: controller.signal });
    expect(ran).toMatchObject({ code: 130, stdout: "" });
    expect(ran.stderr).toContain("job_1 goes on: `linnet jobs wait job_1` follows it");
    expect(received.map(({ method }) => method)).toEqual(["POST", "GET"]);
  });

  it("fails as its job fails", async () => {
    const said = { code: "inference_failed", status: 422, detail: "a row has no answer" };
    const { url } = await platform(({ method }) =>
      method === "POST"
        ? { status: 202, json: job() }
        : { json: job({ ...ENDED, status: "failed", problem: said }) },
    );
    const ran = await runCli(["explain", "batch", "wdbc", "--input", INPUT], { url });
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toContain("error: a row has no answer (inference_failed)");
  });
});

describe("explain global", () => {
  it("shows importances with their intervals, stability, interactions and segments", async () => {
    const flags = "--measure p95 --dependence a --dependence b --bins 0,0.5,1 --recent 500";
    const args = ["global", "wdbc@2", ...flags.split(" "), "--top", "2"];
    const { code, stdout, sent, posted } = await explain(args, { json: globalExplanation });
    expect(code).toBe(0);
    expect(posted?.path).toBe("/v1/explanations/global");
    expect(sent).toEqual({
      model: "wdbc",
      version: 2,
      top_k_features: 2,
      recent_predictions: 500,
      aggregation_method: "p95",
      dependence: [{ feature: "a" }, { feature: "b" }],
      prediction_bins: [0, 0.5, 1],
    });
    expect(stdout).toBe(`explanation  xpl_9
of           wdbc@2, 1,200 rows
importance   mean of the sizes of contributions, by tree
agreement    0.75 (1: each row ranks the features alike)
time         cached; it took 1234 ms

feature  importance  95 %                 mean  top 2
a            0.4000  0.3500 to 0.4500  +0.1000  100 %  ██████████
b            0.1000                    -0.0200   63 %  ███░░░░░░░
and 1 other: --top 3

feature  with  interaction  95 %
a        b            -0.2  -0.3 to -0.1
a        c            0.01

prediction     rows  most important
below 0.5       700
0.999999 to 1   500  a, b
`);
  });

  it("follows a job, and draws what it made", async () => {
    const cwd = await temporaryFolder();
    const { url, received } = await platform(({ method, path, headers }) => {
      if (method === "POST") return { status: 202, json: job({ kind: "explain_global" }) };
      if (path.startsWith("/v1/jobs/"))
        return { json: job({ ...ENDED, explanation_ids: ["xpl_9"] }) };
      return headers.accept?.includes("svg") === true
        ? { text: "<svg/>" }
        : { json: globalExplanation };
    });
    const args = ["explain", "global", "wdbc", "--input", INPUT, "--svg", "g.svg"];
    const ran = await runCli([...args, "--plot", "dependence", "--feature", "a"], { url, cwd });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^explanation +xpl_9\n/);
    expect(await readFile(join(cwd, "g.svg"), "utf8")).toBe("<svg/>");
    expect(received.at(-1)?.query).toEqual({ plot: "dependence", feature: "a" });
  });

  it.each([
    ["no rows", [], "or --recent"],
    ["two kinds of rows", ["--recent", "5", "--input", INPUT], "or --recent"],
    ["edges that are none", ["--recent", "5", "--bins", "0,,1"], "Expected numbers with commas"],
    [
      "a feature without a picture",
      ["--recent", "5", "--feature", "a"],
      "--feature is of a picture",
    ],
  ])("refuses %s", async (_, args, message) => {
    const { code, stderr, sent } = await explain(["global", "wdbc", ...args]);
    expect(stderr).toContain(message);
    expect({ code, sent }).toEqual({ code: 2, sent: null });
  });
});

describe("explain drift", () => {
  it("shows what has changed, the greatest first", async () => {
    const files = { "d.csv": "a,y,b\n1,0,2\n3,1,4\n" };
    const flags =
      "--data d.csv --baseline d.csv --label-column y --rows 1 --alpha 0.01 --ndcg-limit 0.95";
    const args = ["drift", "wdbc@2", ...flags.split(" ")];
    const { code, stdout, sent, posted } = await explain(args, { files, json: drift });
    expect(code).toBe(0);
    expect(posted?.path).toBe("/v1/explanations/drift");
    expect(sent).toEqual({
      model: "wdbc",
      version: 2,
      inputs: { features: { shape: [1, 2], data: [1, 2] } },
      feature_names: ["a", "b"],
      baseline: { inputs: { features: { shape: [2, 2], data: [1, 2, 3, 4] } } },
      alpha: 0.01,
      ndcg_limit: 0.95,
    });
    expect(stdout).toBe(
      `explanation  xpl_8
of           wdbc@2, by tree
rows         40 live, 228 of the baseline
drifted      a feature matters more or less than it did; the features rank differently
order        NDCG 0.8123, p 0.004
shares       0.25 of 1 apart, p 0.2
time         50.00 ms

feature  baseline    live   change  95 %                   p
b          0.1000  0.0200  -0.0800                     0.002
a          0.4000  0.4100  +0.0100  -0.1000 to 0.1200  0.002
`,
    );
  });

  it("takes kept predictions, and one kind of rows", async () => {
    const recent = await explain(["drift", "wdbc@2", "--recent", "100"], { json: drift });
    expect(recent.sent).toEqual({ model: "wdbc", version: 2, recent_predictions: 100 });
    expect((await explain(["drift", "wdbc@2"])).code).toBe(2);
  });
});

describe("explain export", () => {
  it("writes the ONNX file of an explainer", async () => {
    const cwd = await temporaryFolder();
    const { url, received } = await platform(() => ({ text: "onnx bytes" }));
    const args = [
      "explain",
      "export",
      "wdbc@2",
      "--class",
      "1",
      "--samples",
      "500",
      "--background",
      "small",
    ];
    const ran = await runCli(args, { url, cwd });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toBe("wdbc@2 explains itself in wdbc-2-explainer.onnx  (10 B)\n");
    expect(await readFile(join(cwd, "wdbc-2-explainer.onnx"), "utf8")).toBe("onnx bytes");
    expect(received[0]?.path).toBe("/v1/models/wdbc/versions/2/explainer");
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({
      target: { class: 1 },
      background: "small",
      samples: 500,
    });
    const named = await runCli([...args, "--file", "e.onnx", "--json"], { url, cwd });
    expect(JSON.parse(named.stdout)).toEqual({
      model: "wdbc",
      version: 2,
      path: join(cwd, "e.onnx"),
      size_bytes: 10,
    });
  });
});

describe("on a terminal of 80 columns", () => {
  it("no line is wider, and what is positive is green", async () => {
    const long = "the mean distance from the centre to the points on the perimeter";
    const json = explanation([
      [long, 12.345678, -0.123456, 0.0123],
      ["b", 1_234_567.891, 0.000012],
    ]);
    const { url } = await platform(() => ({ json }));
    const out = capture({ isTTY: true, columns: 80 });
    const args = ["explain", "wdbc", "--input", INPUT];
    expect((await runCli(args, { url, stdout: out.stream })).code).toBe(0);
    const lines = out.text().split("\n");
    expect(lines.some((line) => line.includes("the mean distance"))).toBe(true);
    for (const line of lines)
      // oxlint-disable-next-line no-control-regex -- colours begin with ESC
      expect(line.replaceAll(/\u001b\[\d+m/g, "").length).toBeLessThanOrEqual(80);
    expect(out.text()).toContain("\u001b[31m████████\u001b[39m");
  });
});
