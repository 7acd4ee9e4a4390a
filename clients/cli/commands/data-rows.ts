import { datasets } from "@linnet/sdk";
import type { Command } from "commander";
import { argument, integer, type Register } from "../command.ts";
import { AS_OF, parseDataRef, parseTime } from "../data-ref.ts";
import { renderPreview, renderRows, renderSignal, renderStatistics } from "../dataset-rows-view.ts";
import { putPicture } from "../picture.ts";
import { waitingFor } from "../waiting.ts";

type AsOf = { asOf?: string };
type Picture = { svg?: string; open?: boolean };

const asOfQuery = ({ asOf }: AsOf) => (asOf === undefined ? {} : { as_of: parseTime(asOf) });
const drawn = (command: Command): Command =>
  command.option("--svg <file>", "write a picture").option("--open", "show it in the browser");

/** What is in a version: rows, statistics, signals. */
export const registerDataRows: Register = (group, wire) => {
  wire(
    group
      .command("preview <dataset[@version]>")
      .description("show rows of a version, or of each class of it")
      .option("--from <row>", "the first row, from 0", integer(0), 0)
      .option("--rows <number>", "how many, or how many of each class", integer(1, 1_000))
      .option("--columns <names>", "only these, separated by commas")
      .option("--by <column>", "the column that holds the classes")
      .option(...AS_OF)
      .addHelpText("after", "\nExample:\n  $ linnet data preview bearings --by fault --rows 2"),
    async (context, command) => {
      const { from, rows, columns, by, ...when } = command.opts<
        { from: number; rows?: number; columns?: string; by?: string } & AsOf
      >();
      const { dataset, version } = parseDataRef(argument(command, 0));
      const { signal } = context.world;
      const client = await context.client();
      if (by !== undefined) {
        const query = { by, per_class: rows, ...asOfQuery(when) };
        const work = datasets.preview(client, dataset, version, query, { signal });
        const view = await waitingFor(context, "reading", work);
        context.show(view, () => renderPreview(view, context));
        return;
      }
      const query = { from, limit: rows, columns, ...asOfQuery(when) };
      const view = await datasets.rows(client, dataset, version, query, { signal });
      context.show(view, () => renderRows(view.rows, context));
      if (view.rows.length === 0) context.note(from === 0 ? "no rows" : `no rows from ${from} on`);
      if (view.next_from !== null)
        context.note(`there are more: add --from ${view.next_from}, or --rows <number>`);
    },
  );

  wire(
    drawn(
      group
        .command("stats <dataset[@version]>")
        .description("show what is known of each column")
        .option(...AS_OF),
    ),
    async (context, command) => {
      const options = command.opts<AsOf & Picture>();
      const { dataset, version } = parseDataRef(argument(command, 0));
      const { signal } = context.world;
      const client = await context.client();
      const query = asOfQuery(options);
      const view = await datasets.statistics(client, dataset, version, query, { signal });
      context.show(view, () => renderStatistics(view, context));
      await putPicture(context, options, view.version_id, () =>
        datasets.statisticsPicture(client, dataset, version, query, { signal }),
      );
    },
  );

  wire(
    drawn(
      group
        .command("signal <dataset[@version]>")
        .description("show the signal in one row; of HDF5, NumPy and MAT nothing else is read")
        .option("--row <number>", "the row, from 0", integer(0), 0)
        .option("--column <name>", "the first that holds signals, if not told")
        .option("--channel <number>", "of several in one signal, from 0", integer(0))
        .option("--from <sample>", "the first sample", integer(0))
        .option("--to <sample>", "the sample to end before", integer(1))
        .option("--points <number>", "no more than this: the extremes of each stretch", integer(2))
        .option(...AS_OF),
    ).addHelpText("after", "\nExample:\n  $ linnet data signal bearings@3 --row 12 --points 500"),
    async (context, command) => {
      const { svg, open, asOf, ...asked } = command.opts<
        Picture & AsOf & Omit<datasets.SignalQuery, "as_of">
      >();
      const { dataset, version } = parseDataRef(argument(command, 0));
      const { signal } = context.world;
      const client = await context.client();
      const query = { ...asked, ...asOfQuery({ ...(asOf !== undefined && { asOf }) }) };
      const view = await datasets.signal(client, dataset, version, query, { signal });
      context.show(view, () => renderSignal(view, context));
      const where = { ...(svg !== undefined && { svg }), ...(open && { open }) };
      await putPicture(context, where, `${dataset}-${asked.row}`, () =>
        datasets.signalPicture(client, dataset, version, query, { signal }),
      );
    },
  );
};
