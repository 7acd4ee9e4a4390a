import type { InterpreterRule } from "./interpreter-call.ts";

export const INDEXING: Record<string, InterpreterRule> = {};
