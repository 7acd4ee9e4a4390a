import type { InferenceRule } from "./inference-call.ts";

export const CONTROL: Record<string, InferenceRule> = {};
