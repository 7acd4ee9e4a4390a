/** What a key may be allowed, in the words that callers see. */
export const SCOPES = {
  "models:read": "List, inspect and download models",
  "models:write": "Upload versions, move aliases, delete",
  predict: "Run predictions and ask for routing decisions",
  "explanations:read": "Read explanations, background sets, jobs and kept predictions",
  "explanations:write":
    "Explain predictions, keep background sets and shares of predictions, delete any of them",
  "experiments:read": "List experiments, read metrics, analysis and events",
  "experiments:write": "Create experiments and change their life",
  "datasets:read": "Read datasets, lineage, runs and groups",
  "datasets:write": "Make and change datasets, runs and groups",
  "outcomes:write": "Report outcomes",
  "keys:read": "List keys and read their usage",
  "keys:write": "Create and revoke keys",
  admin: "Everything above, and users",
} as const satisfies Record<string, string>;

export type Scope = keyof typeof SCOPES;
export const SCOPE_NAMES = Object.keys(SCOPES) as [Scope, ...Scope[]];

export const allows = (held: readonly Scope[], needed: Scope): boolean =>
  held.includes(needed) || held.includes("admin");

/** The first scope that the holder may not pass on because it is not its own. */
export const notOwn = (held: readonly Scope[], asked: readonly Scope[]): Scope | undefined =>
  asked.find((scope) => !allows(held, scope));
