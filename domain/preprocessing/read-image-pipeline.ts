import {
  booleanOf,
  integerOf,
  type JsonField,
  listOf,
  membersOf,
  numberOf,
  oneOf,
  orElse,
  refused,
  textOf,
} from "../models/json-field.ts";
import type { ImagePipeline, ImageStep, ResizeStep } from "./pipeline.ts";

const LONGEST_SIDE = 4_096;
const MOST_STEPS = 8;
/** Eight such steps keep within float32, whose largest number is 3.4e38. */
const LEAST_DIVISOR = 1e-3;

const MEMBERS = ["version", "kind", "input", "channels", "steps", "layout", "flatten"] as const;
const sideOf = integerOf(1, LONGEST_SIDE);

export function readImagePipeline(field: JsonField): ImagePipeline {
  const given = membersOf(field, MEMBERS);
  const channels = oneOf([1, 3] as const)(given.channels);
  const layout = oneOf(["chw", "hwc", "hw"])(given.layout);
  if (layout === "hw" && channels === 3)
    throw refused(given.layout, `"chw" or "hwc", since there are 3 channels`);
  return {
    version: oneOf([1] as const)(given.version),
    kind: "image",
    input: textOf(given.input),
    channels,
    steps: orElse(
      given.steps,
      listOf((step) => readStep(step, channels), 0, MOST_STEPS),
      [],
    ),
    layout,
    flatten: orElse(given.flatten, booleanOf, false),
  };
}

const STEP_MEMBERS = {
  resize: ["op", "method", "antialias", "width", "height", "shorter"],
  crop: ["op", "width", "height"],
  divide: ["op", "by"],
  normalize: ["op", "mean", "std"],
} as const;

function readStep(field: JsonField, channels: number): ImageStep {
  const { op: given } = Object(field.value) as { op?: unknown };
  const op = oneOf(["resize", "crop", "divide", "normalize"])({
    value: given,
    path: `${field.path}.op`,
  });
  switch (op) {
    case "resize":
      return readResize(field);
    case "crop": {
      const { width, height } = membersOf(field, STEP_MEMBERS.crop);
      return { op, width: sideOf(width), height: sideOf(height) };
    }
    case "divide":
      return { op, by: divisorOf(membersOf(field, STEP_MEMBERS.divide).by) };
    case "normalize": {
      const { mean, std } = membersOf(field, STEP_MEMBERS.normalize);
      return {
        op,
        mean: listOf(numberOf, channels, channels)(mean),
        std: listOf(divisorOf, channels, channels)(std),
      };
    }
  }
}

function readResize(field: JsonField): ResizeStep {
  const { method, antialias, width, height, shorter } = membersOf(field, STEP_MEMBERS.resize);
  const how = {
    op: "resize",
    method: orElse(method, oneOf(["nearest", "bilinear"]), "bilinear"),
    antialias: orElse(antialias, booleanOf, true),
  } as const;
  if (shorter.value === undefined) return { ...how, width: sideOf(width), height: sideOf(height) };
  if (width.value !== undefined || height.value !== undefined)
    throw refused(shorter, "nothing beside 'width' and 'height'");
  return { ...how, shorter: sideOf(shorter) };
}

function divisorOf(field: JsonField): number {
  const value = numberOf(field);
  if (value < LEAST_DIVISOR) throw refused(field, `a number of ${LEAST_DIVISOR} or more`);
  return value;
}
