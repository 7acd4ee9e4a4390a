import { ATTENTION } from "./attention.ts";
import { CONTROL } from "./control.ts";
import { CONVOLUTION } from "./convolution.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { IMAGE } from "./image.ts";
import { INDEXING } from "./indexing.ts";
import { LINEAR } from "./linear.ts";
import { LOSS } from "./loss.ts";
import { NORMALISATION } from "./normalisation.ts";
import { POOLING } from "./pooling.ts";
import { RECURRENT } from "./recurrent.ts";
import { REDUCTION } from "./reduction.ts";
import { SHAPE } from "./shape.ts";
import type { GradientRule } from "./gradient-call.ts";

/** The gradient of each operator, by `operatorOf`, for the operators as opset 18 and later have them. */
export const GRADIENT_RULES: ReadonlyMap<string, GradientRule> = new Map(
  Object.entries({
    ...ELEMENTWISE,
    ...REDUCTION,
    ...LOSS,
    ...SHAPE,
    ...INDEXING,
    ...IMAGE,
    ...LINEAR,
    ...CONVOLUTION,
    ...POOLING,
    ...NORMALISATION,
    ...ATTENTION,
    ...RECURRENT,
    ...CONTROL,
  }),
);
