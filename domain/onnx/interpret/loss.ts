import type { InterpreterRule } from "./interpreter-call.ts";

export const LOSS: Record<string, InterpreterRule> = {};
