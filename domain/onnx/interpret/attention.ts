import type { InterpreterRule } from "./interpreter-call.ts";

export const ATTENTION: Record<string, InterpreterRule> = {};
