export const EXIT = {
  ok: 0,
  refused: 1,
  usage: 2,
  auth: 3,
  unavailable: 4,
  /** Of `experiments watch --until-end` alone. */
  rolledBack: 5,
  interrupted: 130,
} as const;

/** What was typed, or a file that was named, cannot be used. */
export class UsageError extends Error {}

/** There is no key to call with. */
export class LoginNeeded extends Error {}

/** Ctrl-C where the terminal does not turn it into a signal. */
export class Interrupted extends Error {}
