export const RUN_STATUSES = ["created", "running", "succeeded", "failed", "aborted"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const hasEnded = (status: RunStatus): boolean =>
  status === "succeeded" || status === "failed" || status === "aborted";
