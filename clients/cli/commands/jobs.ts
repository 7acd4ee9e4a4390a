import { explanations, jobs, type JobView } from "@linnet/sdk";
import { Option } from "commander";
import { argument, type Register } from "../command.ts";
import { renderExplanations } from "../explanations-view.ts";
import { followJob } from "../follow-job.ts";
import { formatCount, formatTime } from "../format.ts";
import { renderGlobalExplanation } from "../global-explanation-view.ts";
import { kindOf, renderJob } from "../job-view.ts";
import { type ListOptions, listOptions, showList } from "../lists.ts";
import { renderTable } from "../table.ts";

const STATUSES = ["queued", "running", "succeeded", "failed", "cancelled"] as const;

/** Work that goes on when the call that began it has been answered. */
export const registerJobs: Register = (group, wire) => {
  wire(
    listOptions(
      group
        .command("list")
        .description("list your jobs, newest first")
        .addOption(new Option("--status <status>").choices(STATUSES)),
    ),
    async (context, command) => {
      const { status, ...page } = command.opts<ListOptions & { status?: JobView["status"] }>();
      const client = await context.client();
      const { signal } = context.world;
      await showList(context, page, {
        list: (query) => jobs.list(client, { ...query, status }, { signal }),
        all: (query) => jobs.all(client, { ...query, status }, { signal }),
        none: "no jobs; `linnet explain global <model> --no-wait` begins one",
        table: (items) =>
          renderTable(
            [
              { title: "job", value: ({ job_id }) => job_id },
              { title: "kind", value: kindOf },
              { title: "status", value: (one) => one.status },
              {
                title: "model",
                flexible: true,
                value: ({ model, model_version }) => `${model}@${model_version}`,
              },
              { title: "rows", align: "right", value: ({ rows }) => formatCount(rows) },
              { title: "created (UTC)", value: ({ created_at }) => formatTime(created_at) },
            ],
            items,
            context,
          ),
      });
    },
  );

  wire(
    group.command("get <id>").description("show how far a job is, and what it has made"),
    async (context, command) => {
      const { signal } = context.world;
      const job = await jobs.get(await context.client(), argument(command, 0), { signal });
      context.show(job, () => renderJob(job, context));
    },
  );

  wire(
    group.command("cancel <id>").description("end a job; what it has made by then stays"),
    async (context, command) => {
      const { signal } = context.world;
      const job = await jobs.cancel(await context.client(), argument(command, 0), { signal });
      context.show(job, () => renderJob(job, context));
    },
  );

  wire(
    group
      .command("wait <id>")
      .description("wait for the end of a job, and show what came of it")
      .addHelpText("after", "\nCtrl-C leaves the job running."),
    async (context, command) => {
      const client = await context.client();
      const { signal } = context.world;
      const begun = await jobs.get(client, argument(command, 0), { signal });
      const job = await followJob(context, client, begun);
      if (job.kind === "explain_global") {
        const view = await explanations.globalOf(client, job, { signal });
        context.show(view, () => renderGlobalExplanation(view, context));
      } else {
        const items = await explanations.batchOf(client, job, { signal });
        context.show({ items }, () => renderExplanations(items, context));
      }
    },
  );
};
