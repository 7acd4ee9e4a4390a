import type { InterpreterRule } from "./interpreter-call.ts";

export const REDUCTION: Record<string, InterpreterRule> = {};
