import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Asked } from "./ours.ts";
import { boostedTrees } from "./boosted-trees.ts";
import { plainTrees } from "./plain-trees.ts";
import type { PeerAsked } from "./python-peers.ts";
import {
  imageNetwork,
  signalNetwork,
  slicedRows,
  type Table,
  wdbcModel,
  wdbcRows,
} from "./subjects.ts";

/** One line of the table. */
export type Work = {
  name: string;
  model: Uint8Array;
  instances: Table;
  background: Table | null;
  asked: Asked;
  /** Rows of one round; times are of one row. */
  rows: number;
  rounds: number;
  goal_ms?: number;
  peers: readonly PeerOfWork[];
  note?: string;
};

export type PeerOfWork = {
  asked: PeerAsked;
  /** Rows of one round, where all of ours would take it too long. */
  rows?: number;
  /** How far its contributions may be from ours, as a share of the greatest; null: they are of another kind. */
  tolerance: number | null;
};

const CLASS = 1;
/** "auto" of 30 players. */
const COALITIONS = 2 * 30 + 2_048;
const MANY = 128;
const ROUNDS = 15;
/** Two draws of coalitions differ by as much. */
const SAMPLED = 0.5;
/** float32, in another order. */
const EXACT = 1e-3;

/** All works; models that a peer reads are written into `folder`. */
export function allWorks(folder: string): Work[] {
  return [...ofTable(folder), ...ofTrees(folder), ...ofSignals(folder), ...ofImages(folder)];
}

function saved(folder: string, name: string, bytes: Uint8Array): string {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, bytes);
  return path;
}

function ofTable(folder: string): Work[] {
  const model = wdbcModel("wdbc-mlp");
  const path = saved(folder, "wdbc-mlp", model);
  const work = (
    name: string,
    compared: number,
    {
      peer,
      samples,
      tolerance = SAMPLED,
    }: { peer: string; samples: number; tolerance?: number | null },
    given: Omit<Partial<Work>, "asked"> & { method: Asked["method"] },
  ): Work => {
    const { instances, background } = wdbcRows(compared);
    const { method, ...rest } = given;
    const common = { model: path, shape: instances.shape, target: CLASS, samples };
    const asked = { peer, ...common, rows: instances.rows, background: background.rows };
    const peerRows = rest.rows === undefined ? {} : { rows: 8 };
    return {
      name,
      model,
      instances,
      background,
      rows: 1,
      rounds: ROUNDS,
      asked: {
        method,
        class: CLASS,
      },
      peers: [
        {
          asked,
          tolerance,
          ...peerRows,
        },
      ],
      ...rest,
    };
  };
  const kernel = { peer: "shap_kernel", samples: COALITIONS };
  return [
    work("kernel, 30 features, MLP, background of 20", 20, kernel, {
      method: "kernel",
      goal_ms: 40,
    }),
    work("kernel, 30 features, MLP, background of 100", 100, kernel, {
      method: "kernel",
      goal_ms: 40,
    }),
    work("the same in a batch of 128, background of 20", 20, kernel, {
      method: "kernel",
      rows: MANY,
      rounds: 3,
      goal_ms: 20,
    }),
    work(
      "permutation, 30 features, MLP, background of 20",
      20,
      { peer: "shap_permutation", samples: 2_090 },
      { method: "permutation" },
    ),
    work(
      "expected gradients, 100 samples, MLP, background of 100",
      100,
      { peer: "captum_gradient", samples: 100, tolerance: null },
      { method: "gradient" },
    ),
    work(
      "deep, MLP, background of 100",
      100,
      { peer: "captum_deep", samples: 0, tolerance: EXACT },
      { method: "deep" },
    ),
    work(
      "LIME, 5,000 samples, 30 features, MLP, 400 training rows",
      400,
      { peer: "lime_tabular", samples: 5_000, tolerance: null },
      { method: "lime", goal_ms: 100 },
    ),
  ];
}

function ofTrees(folder: string): Work[] {
  const forest = wdbcModel("wdbc-forest");
  const boosted = boostedTrees(wdbcRows(400).background);
  saved(folder, "trees", boosted);
  const models = {
    "WDBC forest": {
      model: forest,
      trees: plainTrees(forest, "probabilities", CLASS),
      class: CLASS,
    },
    "100 trees of depth 6": { model: boosted, trees: plainTrees(boosted, "score", 0), class: 0 },
  };
  const work = (
    of: keyof typeof models,
    compared: number | null,
    given: { rows?: number; goal_ms?: number },
  ): Work => {
    const { model, trees, class: index } = models[of];
    const { instances, background } = wdbcRows(compared ?? 1);
    const { rows = 1, ...goal } = given;
    const fewer = rows === 1 || compared === null ? {} : { rows: 8 };
    const mode = compared === null ? "path_dependent" : "interventional";
    const asked = { mode, trees, rows: instances.rows, background: background.rows };
    const peer = (name: string): PeerOfWork => ({
      asked: { peer: name, ...asked },
      tolerance: EXACT,
      ...fewer,
    });
    const how =
      compared === null ? "path-dependent" : `background of ${compared.toLocaleString("en")}`;
    return {
      model,
      instances,
      rows,
      rounds: ROUNDS,
      ...goal,
      name: `tree, ${of}, ${how}${rows === 1 ? "" : `, a batch of ${rows}`}`,
      background: compared === null ? null : background,
      asked: {
        method: "tree",
        class: index,
        options: { mode },
      },
      peers: compared === null ? [peer("shap_tree"), peer("xgboost")] : [peer("shap_tree")],
    };
  };
  const [one, many] = [{}, { rows: MANY }];
  return [
    work("WDBC forest", 100, { goal_ms: 1 }),
    work("WDBC forest", 100, { rows: MANY, goal_ms: 0.5 }),
    work("100 trees of depth 6", 100, one),
    work("100 trees of depth 6", 1_000, one),
    work("100 trees of depth 6", 1_000, many),
    work("100 trees of depth 6", null, one),
    work("100 trees of depth 6", null, many),
  ];
}

function ofSignals(folder: string): Work[] {
  const { model, rows } = signalNetwork();
  const path = saved(folder, "signals", model);
  const [instances, background] = [slicedRows(rows, 0, 10), slicedRows(rows, 10, 20)];
  const common = { model: path, shape: rows.shape, target: CLASS };
  const given = { rows: instances.rows, background: background.rows };
  const work = (
    name: string,
    asked: Asked,
    peers: readonly PeerOfWork[],
    rest: Partial<Work> = {},
  ): Work => ({
    name,
    model,
    instances,
    background,
    rows: 1,
    rounds: ROUNDS,
    peers,
    ...rest,
    asked: {
      class: CLASS,
      ...asked,
    },
  });
  const peer = (name: string, samples: number, tolerance: number | null = EXACT): PeerOfWork => ({
    asked: { peer: name, ...common, ...given, samples },
    tolerance,
  });
  const network = "1-D CNN on 1,024 samples";
  return [
    work(
      `integrated gradients, 50 steps, ${network}`,
      { method: "integrated_gradients" },
      [peer("captum_integrated", 50)],
      { goal_ms: 100 },
    ),
    work(`deep, ${network}, background of 10`, { method: "deep" }, [peer("captum_deep", 0, null)]),
    work(`Grad-CAM, ${network}`, { method: "grad_cam" }, [peer("captum_grad_cam", 0, null)]),
    work(`LIME, 20 segments, 1,000 samples, ${network}`, { method: "lime" }, [], {
      rounds: 5,
      background: null,
    }),
  ];
}

function ofImages(folder: string): Work[] {
  const { model, rows: instances } = imageNetwork();
  const path = saved(folder, "images", model);
  const asked = { model: path, shape: instances.shape, target: CLASS, samples: 1_000 };
  const name = "LIME, about 50 super-pixels, 1,000 samples, 2-D CNN on 3 x 64 x 64";
  const peer = { peer: "lime_image", ...asked, rows: instances.rows };
  return [
    {
      name,
      model,
      instances,
      background: null,
      rows: 1,
      rounds: 3,
      asked: {
        method: "lime",
        class: CLASS,
      },
      peers: [
        {
          asked: peer,
          tolerance: null,
        },
      ],
    },
  ];
}
