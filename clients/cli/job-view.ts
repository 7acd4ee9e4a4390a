import type { JobView } from "@linnet/sdk";
import { others } from "./explanation-view.ts";
import { formatCount, formatPercent, formatTime } from "./format.ts";
import { renderFields, type TableOptions } from "./table.ts";

export const renderJob = (job: JobView, options: TableOptions): string =>
  renderFields(
    [
      ["job", job.job_id],
      ["kind", kindOf(job)],
      ["status", job.status],
      ["of", `${job.model}@${job.model_version}`],
      [
        "rows",
        `${formatCount(job.rows_done)} of ${formatCount(job.rows)} (${formatPercent(job.progress)})`,
      ],
      ["made", madeOf(job.explanation_ids)],
      ["problem", job.problem && `${job.problem.detail} (${job.problem.code})`],
      ["created", formatTime(job.created_at)],
      ["ended", job.ended_at && formatTime(job.ended_at)],
    ],
    options,
  );

export const kindOf = ({ kind }: Pick<JobView, "kind">): string => kind.replaceAll("_", " ");

const madeOf = ([first, ...rest]: string[]): string | null => {
  if (first === undefined) return null;
  return rest.length === 0 ? first : `${first} and ${others(rest.length)}`;
};
