import type { InterpreterRule } from "./interpreter-call.ts";

export const SIGNAL: Record<string, InterpreterRule> = {};
