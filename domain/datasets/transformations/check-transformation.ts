import type { Schema } from "../schema.ts";
import type { Json } from "../table.ts";
import { aggregate } from "./kinds/aggregate.ts";
import { augmentation } from "./kinds/augmentation.ts";
import { featureEngineering } from "./kinds/feature-engineering.ts";
import { filter } from "./kinds/filter.ts";
import { join } from "./kinds/join.ts";
import { map } from "./kinds/map.ts";
import { normalization } from "./kinds/normalization.ts";
import { sample } from "./kinds/sample.ts";
import { split } from "./kinds/split.ts";
import type { Inputs, Kind, Operation } from "./operation.ts";
import type { JsonObject } from "./parameters.ts";
import type { TransformationType } from "./transformation.ts";

/** Rises where equal parameters and sources come to give other rows; it is part of the code's hash. */
export const ENGINE_VERSION = "1";

const KINDS: Readonly<Record<TransformationType, Kind>> = {
  filter,
  map,
  join,
  aggregate,
  sample,
  split,
  feature_engineering: featureEngineering,
  normalization,
  augmentation,
};

/**
 * The operation that these parameters ask for over sources with these columns, with every default
 * written out. Throws a DatasetFault, mostly `transformation_invalid`, that names the parameter.
 */
export const checkTransformation = (
  type: TransformationType,
  parameters: JsonObject,
  sources: readonly Schema[],
): Operation => ({ type, ...KINDS[type](parameters, sources) });

/** The operation with what is learnt of the data; the same one where there is nothing to learn. */
export async function fitted(operation: Operation, inputs: Inputs): Promise<Operation> {
  if (!operation.fit) return operation;
  const parameters = await operation.fit(inputs);
  const schemas = inputs.sources.map(({ schema }) => schema);
  return checkTransformation(operation.type, parameters, schemas);
}

/** The parameters without what was learnt, so that it is learnt anew; edges that a caller gave stay. */
export function unfitted(type: TransformationType, parameters: JsonObject): JsonObject {
  if (type === "normalization") return without(parameters, "fitted");
  const features = parameters["features"];
  if (type !== "feature_engineering" || !Array.isArray(features)) return parameters;
  return { ...parameters, features: features.map(unfittedFeature) };
}

function unfittedFeature(feature: Json): Json {
  if (typeof feature !== "object" || feature === null || Array.isArray(feature)) return feature;
  if (feature["kind"] === "one_hot") return without(feature, "categories");
  return feature["kind"] === "bin" && feature["method"] !== "edges"
    ? without(feature, "edges")
    : feature;
}

const without = (json: JsonObject, member: string): JsonObject =>
  Object.fromEntries(Object.entries(json).filter(([name]) => name !== member));
