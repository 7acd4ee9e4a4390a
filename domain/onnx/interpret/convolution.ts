import type { InterpreterRule } from "./interpreter-call.ts";

export const CONVOLUTION: Record<string, InterpreterRule> = {};
