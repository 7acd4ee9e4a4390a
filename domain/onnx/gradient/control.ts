import type { GradientRule } from "./gradient-call.ts";

export const CONTROL: Record<string, GradientRule> = {};
