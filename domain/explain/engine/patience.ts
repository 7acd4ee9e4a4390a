/** Gradients of an explanation that says nothing of it. */
export const EXPECTED_SAMPLES = 100;
export const STEPS = 50;

/** By how much more samples than asked for an explainer may take to get to a limit. */
export const MOST_TIMES = 1_024;
export const MOST_SAMPLES = 1_000_000;
export const MOST_STEPS = 4_096;
