import type { InferenceRule } from "./inference-call.ts";

export const LINEAR: Record<string, InferenceRule> = {};
