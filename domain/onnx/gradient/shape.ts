import type { GradientRule } from "./gradient-call.ts";

export const SHAPE: Record<string, GradientRule> = {};
