import type { AliasHistory } from "@linnet/sdk";
import type { Context } from "../command.ts";
import { formatTime } from "../format.ts";
import { renderTable } from "../table.ts";

const shown = (version: number | null): string => (version === null ? "–" : String(version));

/** Where an alias points and where it has pointed. */
export function renderAliasHistory(found: AliasHistory, context: Context): string {
  const table = renderTable(
    [
      { title: "at (UTC)", value: ({ at }) => formatTime(at) },
      { title: "from", align: "right", value: ({ previous_version }) => shown(previous_version) },
      { title: "to", align: "right", value: ({ version }) => shown(version) },
      { title: "by", value: ({ by }) => by },
    ],
    found.history,
    context,
  );
  return `${found.alias} is version ${found.version}\n\n${table}`;
}
