import { ATTENTION } from "./attention.ts";
import { CONTROL } from "./control.ts";
import { CONVOLUTION } from "./convolution.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { IMAGE } from "./image.ts";
import { INDEXING } from "./indexing.ts";
import { LINEAR } from "./linear.ts";
import { LOSS } from "./loss.ts";
import { ML } from "./ml.ts";
import { NORMALISATION } from "./normalisation.ts";
import { POOLING } from "./pooling.ts";
import { QUANTISATION } from "./quantisation.ts";
import { RECURRENT } from "./recurrent.ts";
import { REDUCTION } from "./reduction.ts";
import { SEQUENCE } from "./sequence.ts";
import { SHAPE } from "./shape.ts";
import { SIGNAL } from "./signal.ts";
import type { InterpreterRule } from "./interpreter-call.ts";

/** What each operator computes, by `operatorOf`. A rule knows every version of its operator. */
export const INTERPRETER_RULES: ReadonlyMap<string, InterpreterRule> = new Map(
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
    ...QUANTISATION,
    ...RECURRENT,
    ...CONTROL,
    ...SEQUENCE,
    ...SIGNAL,
    ...ML,
  }),
);
