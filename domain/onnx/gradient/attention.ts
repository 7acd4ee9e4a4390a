import type { GradientRule } from "./gradient-call.ts";

export const ATTENTION: Record<string, GradientRule> = {};
