import type { InterpreterRule } from "./interpreter-call.ts";

export const IMAGE: Record<string, InterpreterRule> = {};
