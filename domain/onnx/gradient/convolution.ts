import type { GradientRule } from "./gradient-call.ts";

export const CONVOLUTION: Record<string, GradientRule> = {};
