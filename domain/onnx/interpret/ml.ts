import type { InterpreterRule } from "./interpreter-call.ts";

export const ML: Record<string, InterpreterRule> = {};
