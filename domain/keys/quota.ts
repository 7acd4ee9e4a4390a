/** The quota refills at every full hour (UTC). */
export const WINDOW_MS = 3_600_000;

/** How long an isolate may use what it was granted: the bound on the delay of a revocation. */
export const KEY_LEASE_MS = 1_000;

/** No single grant takes more than this share of what is left, so that isolates do not starve each other. */
const LARGEST_SHARE = 1 / 16;

export type QuotaState = { window_start: number; used: number };

export type Grant = {
  granted: number;
  /** Left in the window after this grant. */
  remaining: number;
  limit: number;
  reset_at: number;
  expires_at: number;
};

const windowOf = (now: number): number => now - (now % WINDOW_MS);

/**
 * Takes up to `want` requests from the window that holds `now`; `granted` 0 means the quota is
 * used up. What is granted counts as used at once: a lost lease wastes quota, never exceeds it.
 */
export function takeQuota(
  state: QuotaState,
  { now, want, limit }: { now: number; want: number; limit: number },
): { state: QuotaState; grant: Grant } {
  const window_start = windowOf(now);
  const used = state.window_start === window_start ? state.used : 0;
  const left = Math.max(0, limit - used);
  const granted = Math.min(want, left, Math.max(1, Math.floor(left * LARGEST_SHARE)));
  const reset_at = window_start + WINDOW_MS;
  const expires_at = Math.min(now + KEY_LEASE_MS, reset_at);
  const grant = { granted, remaining: left - granted, limit, reset_at, expires_at };
  return { state: { window_start, used: used + granted }, grant };
}

/** Gives back what a lease did not use, while its window lasts. */
export function refundQuota(
  state: QuotaState,
  leased: { window_start: number; unused: number },
): QuotaState {
  if (leased.window_start !== state.window_start) return state;
  return { ...state, used: Math.max(0, state.used - leased.unused) };
}
