import type { InterpreterRule } from "./interpreter-call.ts";

export const POOLING: Record<string, InterpreterRule> = {};
