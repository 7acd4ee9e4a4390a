import type { GradientRule } from "./gradient-call.ts";

export const POOLING: Record<string, GradientRule> = {};
