import { filledBy, type Pipeline, type TextPipeline } from "../preprocessing/pipeline.ts";
import type { ModelDescription } from "./description.ts";

/** A description as it is kept beside a version: short, since vocabularies stay in the file. */
export type ModelDetails = {
  feature_names: string[] | null;
  class_names: string[] | null;
  categorical_features: (string | number)[] | null;
  preprocessing: PipelineSummary[];
};

export type PipelineSummary = {
  /** Under which name raw values are given. */
  input: string;
  kind: Pipeline["kind"];
  /** The model's inputs that are made of them. */
  fills: string[];
  /** The steps, for people. */
  summary: string;
};

/** Whether some inputs of the model may be given as raw values. */
export const takesRaw = (details: ModelDetails | null): boolean =>
  details !== null && details.preprocessing.length > 0;

export const detailsOf = ({ preprocessing, ...names }: ModelDescription): ModelDetails => ({
  feature_names: copyOf(names.feature_names),
  class_names: copyOf(names.class_names),
  categorical_features: copyOf(names.categorical_features),
  preprocessing: preprocessing.map((pipeline) => ({
    input: pipeline.input,
    kind: pipeline.kind,
    fills: filledBy(pipeline),
    summary: summaryOf(pipeline),
  })),
});

const copyOf = <T>(list: readonly T[] | null): T[] | null => list && [...list];

function summaryOf(pipeline: Pipeline): string {
  if (pipeline.kind === "text") return textSummary(pipeline);
  const { channels, steps, layout } = pipeline;
  const taken = steps.map((step) => {
    switch (step.op) {
      case "resize":
        return "shorter" in step
          ? `shorter side ${step.shorter}`
          : `resize to ${step.width} × ${step.height}`;
      case "crop":
        return `crop to ${step.width} × ${step.height}`;
      case "divide":
        return `divide by ${step.by}`;
      case "normalize":
        return "normalize";
    }
  });
  return [channels === 1 ? "grey" : "rgb", ...taken, layout].join(", ");
}

function textSummary({ unicode, lowercase, strip_accents, tokens, ngrams, vector }: TextPipeline) {
  const [least, most] = ngrams;
  const size =
    vector.by === "hashing"
      ? vector.n_features
      : "vocabulary" in vector
        ? vector.vocabulary?.length
        : null;
  return [
    unicode,
    lowercase ? "lower case" : null,
    strip_accents === null ? null : "no accents",
    tokens.by,
    most === 1 ? null : `runs of ${least} to ${most}`,
    vector.by === "ids"
      ? `ids up to ${vector.max_length}`
      : `${vector.by} of ${size?.toLocaleString("en")}`,
  ]
    .filter((step) => step !== null)
    .join(", ");
}
