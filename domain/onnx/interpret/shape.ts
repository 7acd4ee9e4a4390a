import type { InterpreterRule } from "./interpreter-call.ts";

export const SHAPE: Record<string, InterpreterRule> = {};
