import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  aliases,
  backgrounds,
  type Linnet,
  LinnetError,
  models,
  versions,
  type VersionView,
} from "../../clients/sdk/index.ts";
import { ROOT } from "./build.ts";

const FOLDER = join(ROOT, "examples/wdbc");
export const MODEL = "wdbc";

/** The files of the example in the order of their version numbers on a fresh platform. */
const FILES = ["wdbc-logistic", "wdbc-mlp", "wdbc-mlp-regressed"] as const;
export type WdbcVersions = Record<(typeof FILES)[number], VersionView>;

/** Puts the example's models on the platform; on one that has them it only looks them up. */
export async function loadWdbc(client: Linnet): Promise<WdbcVersions> {
  try {
    await models.create(client, {
      name: MODEL,
      description: "Tumour diagnosis from 30 measurements",
    });
  } catch (error) {
    if (!(error instanceof LinnetError) || error.code !== "model_name_taken") throw error;
  }
  const loaded: [string, VersionView][] = [];
  for (const file of FILES) {
    const bytes = await readFile(join(FOLDER, "models", `${file}.onnx`));
    const version = await versions.upload(client, MODEL, bytes, { description: file });
    await keepBackground(client, version);
    loaded.push([file, version]);
  }
  const found = Object.fromEntries(loaded) as WdbcVersions;
  const champion = { version: found["wdbc-logistic"].version, expected_version: null };
  try {
    await aliases.move(client, MODEL, "champion", champion);
  } catch (error) {
    if (!(error instanceof LinnetError) || error.code !== "alias_moved") throw error;
  }
  return found;
}

/** Rows that the models were trained on, to compare predictions with: `linnet explain wdbc` needs some. */
async function keepBackground(client: Linnet, { version }: VersionView): Promise<void> {
  if ((await backgrounds.list(client, MODEL, version)).length > 0) return;
  const held = new Set(await linesOf("held-out.csv"));
  const [, ...all] = await linesOf("breast_cancer.csv");
  const features = all
    .filter((line) => !held.has(line))
    .map((line) => numbersOf(line).slice(0, -1));
  await backgrounds.put(client, MODEL, version, "default", { inputs: { features }, size: 20 });
}

const linesOf = async (file: string): Promise<string[]> =>
  (await readFile(join(FOLDER, file), "utf8")).trim().split("\n");

const numbersOf = (line: string): number[] => line.split(",").map(Number);

export type LabelledRow = { features: number[]; label: number };

/** The rows that no model was trained on. */
export async function heldOutRows(): Promise<LabelledRow[]> {
  return (await linesOf("held-out.csv")).map((line) => {
    const values = numbersOf(line);
    return { features: values.slice(0, -1), label: values.at(-1) ?? Number.NaN };
  });
}
