import type { Model } from "../model.ts";
import { inferenceMode } from "./inference-mode.ts";
import { separateWeights } from "./separate-weights.ts";

/** The model in the form in which it is trained, and left when it is trained: the weights of a training graph are its. */
export const trainable = (model: Model): Model => inferenceMode(separateWeights(model));
