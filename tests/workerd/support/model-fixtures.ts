import { env } from "cloudflare:workers";
import type { ExperimentView } from "../../../contract/experiment.ts";
import type { ModelView, VersionView } from "../../../contract/model.ts";
import { writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import { floatTensor } from "../../../domain/onnx/tensors.ts";
import { identityModel } from "../../fixtures/model-file.ts";
import { succeeds } from "./platform.ts";

/** A model that multiplies its input `x` of n floats; the factor shows which version answered. */
export function scaleModel(factor: number): Uint8Array {
  const b = GraphBuilder.empty();
  const factors = b.constant(floatTensor([1], [factor]), "factor");
  b.output(b.node("Mul", [b.input("x", "float32", ["n"]), factors], {}, { output: "y" }));
  return writeModel(b.model());
}

/** A model that takes strings and so cannot stand in for `scaleModel`. */
export const stringModel = (): Uint8Array => identityModel("string");

/** A model that fails on every input: it gathers at an index that does not exist. */
export function failingModel(): Uint8Array {
  const b = GraphBuilder.empty();
  const nowhere = b.ints([1_000_000]);
  b.output(b.node("Gather", [b.input("x", "float32", ["n"]), nowhere], {}, { output: "y" }));
  return writeModel(b.model());
}

export const OCTETS = { "content-type": "application/octet-stream" };

export const upload = (
  key: string,
  name: string,
  bytes: Uint8Array | ReadableStream,
): Promise<VersionView> =>
  succeeds<VersionView>(201, `PUT /v1/models/${name}/versions`, {
    key,
    body: bytes,
    headers: OCTETS,
  });

/** A model with one version for each of the given files. */
export async function newModel(
  key: string,
  name: string,
  files: readonly Uint8Array[] = [scaleModel(1), scaleModel(2)],
): Promise<ModelView> {
  const model = await succeeds<ModelView>(201, "POST /v1/models", { key, json: { name } });
  for (const file of files) await upload(key, name, file);
  return model;
}

/** A model of `scaleModel`'s kind with one version for each size, of which R2 has no bytes. */
export async function recordedModel(
  key: string,
  name: string,
  sizes: readonly number[],
): Promise<void> {
  const { id } = await newModel(key, name, []);
  const actor = env.MODEL.getByName(id);
  const x = { name: "x", type: "float32" as const, shape: ["n"] };
  const signature = { inputs: [x], outputs: [{ ...x, name: "y" }] };
  for (const size_bytes of sizes) {
    const sha256 = String(size_bytes).padStart(64, "0");
    const upload = `upl_${size_bytes}`;
    await actor.beginUpload(id, upload);
    await actor.reserveContent(upload, sha256);
    const described = { description: "", created_by: key };
    await actor.acceptVersion(upload, { sha256, size_bytes, signature, ...described });
  }
}

/** A definition with the first version of the model as control and the second beside it. */
export const definitionOf = (model: string, changes: object = {}) => ({
  name: "an experiment",
  variants: [
    { model, version: 1, traffic_weight: "0.5", is_control: true },
    { model, version: 2, traffic_weight: "0.5" },
  ],
  ...changes,
});

export const newExperiment = (
  key: string,
  model: string,
  changes: object = {},
): Promise<ExperimentView> =>
  succeeds<ExperimentView>(201, "POST /v1/experiments", {
    key,
    json: definitionOf(model, changes),
  });

/** An experiment that runs, with the control and the other variant picked out. */
export async function runningExperiment(key: string, model: string, changes: object = {}) {
  const { id } = await newExperiment(key, model, changes);
  const running = await succeeds<ExperimentView>(200, `POST /v1/experiments/${id}/start`, { key });
  const [control, candidate] = running.variants;
  if (!control || !candidate) throw new Error("an experiment has at least two variants");
  return { id, control, candidate };
}

/** Everything that a refused request could have left behind. */
export async function traces() {
  const { objects } = await env.MODELS.list();
  const count = async (table: string) =>
    (await env.DB.prepare(`SELECT count(*) AS rows FROM ${table}`).first<{ rows: number }>())?.rows;
  return {
    objects: objects.map(({ key }) => key),
    versions: await count("model_version"),
    aliases: await count("model_alias"),
    models: await count("model"),
    experiments: await count("experiment"),
    keys: await count("api_key"),
    users: await count("user"),
  };
}
