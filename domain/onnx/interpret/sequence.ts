import type { InterpreterRule } from "./interpreter-call.ts";

export const SEQUENCE: Record<string, InterpreterRule> = {};
