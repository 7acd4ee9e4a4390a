import { OnnxFault } from "../onnx/onnx-fault.ts";
import type { Model } from "../onnx/model.ts";
import { filledBy, type Pipeline } from "../preprocessing/pipeline.ts";
import { readPipeline } from "../preprocessing/read-pipeline.ts";
import {
  distinctTextsOf,
  integerOf,
  type JsonField,
  listOf,
  membersOf,
  orElse,
  refused,
  textOf,
} from "./json-field.ts";

/**
 * What people know of a model and its graph does not say; null or empty where nothing is said.
 * `categorical_features` are names, or places from 0.
 */
export type ModelDescription = {
  readonly feature_names: readonly string[] | null;
  readonly class_names: readonly string[] | null;
  readonly categorical_features: readonly (string | number)[] | null;
  /** One for each input that takes raw values. */
  readonly preprocessing: readonly Pipeline[];
};

/** The key of the file's metadata properties whose value is the description as JSON. */
export const DESCRIPTION_KEY = "linnet.description";

/** A vocabulary of 30,000 word pieces has 350,000 characters. */
const LONGEST_DESCRIPTION = 1_000_000;
/** Names come with every list of versions. */
const LONGEST_NAMES = 65_536;
const MOST_NAMES = 16_384;
const MOST_PIPELINES = 16;

const MEMBERS = ["feature_names", "class_names", "categorical_features", "preprocessing"] as const;

const namesOf = distinctTextsOf(1, MOST_NAMES);

/**
 * The description that a model's file has, or null. Throws `OnnxFault` (invalid), which names the
 * field, for one that is none; whether it fits the model is for `checkDescription` to say.
 */
export function readDescription({
  metadata = [],
}: Pick<Model, "metadata">): ModelDescription | null {
  const found = metadata.find(({ key }) => key === DESCRIPTION_KEY);
  if (found === undefined) return null;
  const { value } = found;
  if (value.length > LONGEST_DESCRIPTION)
    throw new OnnxFault(
      "invalid",
      `the metadata property '${DESCRIPTION_KEY}' has ${value.length} characters; expected at most ${LONGEST_DESCRIPTION}`,
    );
  return descriptionOf({ value: parsed(value), path: DESCRIPTION_KEY });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new OnnxFault(
      "invalid",
      `the metadata property '${DESCRIPTION_KEY}' is not JSON: ${(error as SyntaxError).message}`,
    );
  }
}

/** A description as somebody wrote it. Throws `OnnxFault` (invalid), which names the field. */
export function descriptionOf(field: JsonField): ModelDescription {
  const given = membersOf(field, MEMBERS);
  const feature_names = orElse(given.feature_names, namesOf, null);
  const class_names = orElse(given.class_names, namesOf, null);
  const names = [...(feature_names ?? []), ...(class_names ?? [])];
  const length = names.reduce((sum, name) => sum + name.length, 0);
  if (length > LONGEST_NAMES)
    throw new OnnxFault(
      "invalid",
      `'${field.path}': the names have ${length} characters in all; expected at most ${LONGEST_NAMES}`,
    );
  return {
    feature_names,
    class_names,
    categorical_features: orElse(
      given.categorical_features,
      listOf((feature) => featureOf(feature, feature_names), 0, MOST_NAMES),
      null,
    ),
    preprocessing: orElse(given.preprocessing, pipelinesOf, []),
  };
}

function featureOf(field: JsonField, names: readonly string[] | null): string | number {
  if (typeof field.value !== "string")
    return integerOf(0, (names?.length ?? MOST_NAMES) - 1)(field);
  if (names?.includes(field.value) !== true)
    throw refused(field, names ? "one of 'feature_names'" : "a place from 0, or 'feature_names'");
  return textOf(field);
}

function pipelinesOf(field: JsonField): Pipeline[] {
  const pipelines = listOf(readPipeline, 0, MOST_PIPELINES)(field);
  const filled = new Set<string>();
  for (const [index, pipeline] of pipelines.entries())
    for (const name of filledBy(pipeline)) {
      if (filled.has(name))
        throw refused(
          { value: name, path: `${field.path}[${index}]` },
          "each input of the model to be filled once",
        );
      filled.add(name);
    }
  return pipelines;
}

/** The model with the description in its metadata, in the place of another; its graph is the same object. */
export const withDescription = (model: Model, description: ModelDescription): Model => ({
  ...model,
  metadata: [
    ...(model.metadata ?? []).filter(({ key }) => key !== DESCRIPTION_KEY),
    { key: DESCRIPTION_KEY, value: JSON.stringify(description) },
  ],
});
