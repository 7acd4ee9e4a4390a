import { cancelTransformation } from "./cancel-transformation.ts";
import { createTransformation } from "./create-transformation.ts";
import { getTransformation } from "./get-transformation.ts";
import { listTransformations } from "./list-transformations.ts";
import { replayTransformations } from "./replay-transformations.ts";
import { validateVersion } from "./validate-version.ts";

export const TRANSFORMATION_OPERATIONS = [
  createTransformation,
  listTransformations,
  getTransformation,
  cancelTransformation,
  replayTransformations,
  validateVersion,
];
