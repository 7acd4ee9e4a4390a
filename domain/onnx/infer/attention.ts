import type { InferenceRule } from "./inference-call.ts";

export const ATTENTION: Record<string, InferenceRule> = {};
