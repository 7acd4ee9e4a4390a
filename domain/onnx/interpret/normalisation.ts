import type { InterpreterRule } from "./interpreter-call.ts";

export const NORMALISATION: Record<string, InterpreterRule> = {};
