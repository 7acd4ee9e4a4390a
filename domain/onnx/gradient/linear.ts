import type { GradientRule } from "./gradient-call.ts";

export const LINEAR: Record<string, GradientRule> = {};
