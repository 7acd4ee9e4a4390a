import type { GradientRule } from "./gradient-call.ts";

export const RECURRENT: Record<string, GradientRule> = {};
