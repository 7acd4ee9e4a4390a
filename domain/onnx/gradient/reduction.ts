import type { GradientRule } from "./gradient-call.ts";

export const REDUCTION: Record<string, GradientRule> = {};
