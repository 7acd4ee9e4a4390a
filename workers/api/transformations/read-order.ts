import type { Context } from "hono";
import type * as z from "zod";
import type { CreateTransformation } from "../../../contract/transformation.ts";
import type { DatasetRow } from "../../../database/datasets.ts";
import type { TransformationTarget } from "../../../contract/transformation-work.ts";
import { EXPORT_FORMATS, isWritten } from "../../../domain/datasets/formats/format-names.ts";
import { checkTransformation } from "../../../domain/datasets/transformations/check-transformation.ts";
import type { Operation } from "../../../domain/datasets/transformations/operation.ts";
import type { JsonObject } from "../../../domain/datasets/transformations/parameters.ts";
import { writableDataset } from "../datasets/owned-dataset.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { ApiProblem } from "../http/problem.ts";
import { type FoundVersion, findAsked } from "./asked-version.ts";
import type { Order } from "./start-transformation.ts";
import { ruled } from "./transformation-problem.ts";

type Asked = z.output<typeof CreateTransformation>;

/** What the caller has asked for, checked against the columns of its sources and against its rights. */
export async function readOrder(c: Context<AppEnv>, dataset: string, body: Asked): Promise<Order> {
  const { row: here } = await writableDataset(c, dataset);
  const sources: FoundVersion[] = [];
  for (const asked of body.source_versions) sources.push(await findAsked(c, asked));
  const parameters = await parametersOf(c, body);
  const operation = await ruled(() =>
    checkTransformation(
      body.transformation_type,
      parameters,
      sources.map(({ schema }) => schema),
    ),
  );
  return {
    transformation_type: body.transformation_type,
    parameters: operation.parameters,
    sources: sources.map(({ dataset_id, record }) => ({
      dataset_id,
      version_id: record.version_id,
    })),
    targets: await targetsOf(c, here, body, operation),
  };
}

async function parametersOf(
  c: Context<AppEnv>,
  { parameters, parameters_of, transformation_type }: Asked,
): Promise<JsonObject> {
  if (parameters_of === undefined) return parameters as JsonObject;
  if (Object.keys(parameters).length > 0)
    throw new ApiProblem(
      "transformation_invalid",
      "parameters are given and taken of another version; expected one of them",
      { field: "parameters_of" },
    );
  const { transformation } = (await findAsked(c, parameters_of)).record;
  if (transformation?.transformation_type !== transformation_type)
    throw new ApiProblem(
      "transformation_invalid",
      `${parameters_of} was not made by ${transformation_type}`,
      { field: "parameters_of" },
    );
  return transformation.parameters as JsonObject;
}

async function targetsOf(
  c: Context<AppEnv>,
  here: DatasetRow,
  body: Asked,
  operation: Operation,
): Promise<TransformationTarget[]> {
  const names = operation.outputs?.map(({ name }) => name) ?? [null];
  const wanted =
    body.outputs ??
    names.map((output) => ({ output, dataset: undefined, tags: output === null ? [] : [output] }));
  const targets: TransformationTarget[] = [];
  for (const { output, dataset, tags } of wanted) {
    if (!names.includes(output) || targets.some((one) => one.output === output))
      throw new ApiProblem(
        "transformation_invalid",
        `expected each of the outputs ${names.map((name) => name ?? "null").join(", ")} at most once, found ${output ?? "null"}`,
        { field: "outputs" },
      );
    const row = dataset === undefined ? here : (await writableDataset(c, dataset)).row;
    if (!isWritten(row.format))
      throw new ApiProblem(
        "transformation_invalid",
        `dataset '${row.name}' is ${row.format}; transformations make ${EXPORT_FORMATS.join(", ")}: name another one`,
        { field: "outputs" },
      );
    targets.push({
      output,
      dataset_id: row.id,
      upload_id: newId("upl"),
      message: body.message,
      tags: [...new Set([...tags, ...body.tags])],
      expected_content_hash: null,
    });
  }
  return targets;
}
