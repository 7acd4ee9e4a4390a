import type { InterpreterRule } from "./interpreter-call.ts";

export const RECURRENT: Record<string, InterpreterRule> = {};
