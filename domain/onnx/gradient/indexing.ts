import type { GradientRule } from "./gradient-call.ts";

export const INDEXING: Record<string, GradientRule> = {};
