import type { GradientRule } from "./gradient-call.ts";

export const NORMALISATION: Record<string, GradientRule> = {};
