import type { AliasHistory } from "../../../contract/model.ts";
import type { AliasRecord } from "../../../contract/model-lease.ts";
import { viewAlias } from "./owned-model.ts";
import { instant } from "../http/times.ts";

export const viewAliasHistory = (record: AliasRecord): AliasHistory => ({
  ...viewAlias(record),
  history: record.history.map(({ at, ...change }) => ({ ...change, at: instant(at) })),
});
