import type { InterpreterRule } from "./interpreter-call.ts";

export const LINEAR: Record<string, InterpreterRule> = {};
