import type { InterpreterRule } from "./interpreter-call.ts";

export const QUANTISATION: Record<string, InterpreterRule> = {};
