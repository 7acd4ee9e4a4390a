import { type CaptureView, models } from "@linnet/sdk";
import { argument, type Context, integer, type Register } from "../command.ts";
import { UsageError } from "../exit-codes.ts";
import { formatBytes, formatCount, formatTime } from "../format.ts";
import { renderFields } from "../table.ts";
import { formatWeight, parseWeight } from "../weight-text.ts";

/** Which share of a model's predictions is kept. */
export const registerModelCapture: Register = (group, wire) => {
  wire(
    group
      .command("capture <model>")
      .description("show or set which share of a model's predictions is kept")
      .option("--rate <share>", "the share, from 0 to 1")
      .option("--keep-days <days>", "how long any kept prediction stays", integer(1, 365))
      .addHelpText("after", "\nExample:\n  $ linnet models capture wdbc --rate 0.1 --keep-days 30"),
    async (context, command) => {
      const model = argument(command, 0);
      const { rate, keepDays } = command.opts<{ rate?: string; keepDays?: number }>();
      if (rate === undefined && keepDays !== undefined)
        throw new UsageError("give the --rate with --keep-days; 0 keeps only what is asked for");
      const { signal } = context.world;
      const share = rate === undefined ? null : formatWeight(parseWeight(rate));
      const client = await context.client();
      const setting =
        share === null
          ? await models.getCapture(client, model, { signal })
          : await models.putCapture(client, model, settingOf(share, keepDays), { signal });
      context.show(setting, () => renderCapture(setting, context));
    },
  );
};

const settingOf = (rate: string, keepDays: number | undefined) => ({
  rate,
  ...(keepDays === undefined ? {} : { kept_days: keepDays }),
});

const renderCapture = (setting: CaptureView, context: Context): string =>
  renderFields(
    [
      ["model", setting.model],
      ["rate", setting.rate],
      ["kept for", `${setting.kept_days} days`],
      ["kept", `${formatCount(setting.kept)} predictions, ${formatBytes(setting.kept_bytes)}`],
      ["oldest", formatTime(setting.oldest_at)],
      ["newest", formatTime(setting.newest_at)],
      ["updated", formatTime(setting.updated_at)],
    ],
    context,
  );
