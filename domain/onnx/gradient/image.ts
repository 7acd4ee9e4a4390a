import type { GradientRule } from "./gradient-call.ts";

export const IMAGE: Record<string, GradientRule> = {};
