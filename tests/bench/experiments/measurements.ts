import type { Options, Row } from "./row.ts";

export type Measurement = {
  /** It takes times, and so runs while nothing else does. */
  timed: boolean;
  load: () => Promise<(options: Options) => Row[] | Promise<Row[]>>;
};

/** In the order of the table. Loaded when they run, as some need a built platform and some do not. */
export const MEASUREMENTS = {
  "decision-time": {
    timed: true,
    load: async () => (await import("./decision-time.ts")).measureDecisionTime,
  },
  "moved-users": {
    timed: false,
    load: async () => (await import("./moved-users.ts")).measureMovedUsers,
  },
  "tiny-shares": {
    timed: false,
    load: async () => (await import("./tiny-shares.ts")).measureTinyShares,
  },
  ofrep: { timed: true, load: async () => (await import("./ofrep.ts")).measureOfrep },
  "rollback-reach": {
    timed: true,
    load: async () => (await import("./rollback-reach.ts")).measureRollbackReach,
  },
  "bandit-regret": {
    timed: false,
    load: async () => (await import("./bandit-regret.ts")).measureBanditRegret,
  },
  "false-alarms": {
    timed: false,
    load: async () => (await import("./false-alarms.ts")).measureFalseAlarms,
  },
  "p-values": { timed: false, load: async () => (await import("./p-values.ts")).measurePValues },
  ingest: { timed: true, load: async () => (await import("./ingest.ts")).measureIngest },
} satisfies Record<string, Measurement>;

export type Name = keyof typeof MEASUREMENTS;
export const NAMES = Object.keys(MEASUREMENTS) as Name[];
