import type { GradientRule } from "./gradient-call.ts";

export const LOSS: Record<string, GradientRule> = {};
