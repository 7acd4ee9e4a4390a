import type { InferenceRule } from "./inference-call.ts";

export const CONVOLUTION: Record<string, InferenceRule> = {};
