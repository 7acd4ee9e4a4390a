import type { InterpreterRule } from "./interpreter-call.ts";

export const CONTROL: Record<string, InterpreterRule> = {};
