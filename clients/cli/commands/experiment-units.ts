import { experiments } from "@linnet/sdk";
import { argument, type Context, type Register } from "../command.ts";
import { UsageError } from "../exit-codes.ts";
import { attributesOf } from "../attributes.ts";
import { readJsonOption } from "../json-input.ts";
import { renderFields } from "../table.ts";
import { renderUnitLine } from "../unit-line.ts";

const ATTRIBUTES = ["--attributes <json>", "what targeting looks at, as JSON or @file"] as const;

/** Which variant a unit has and why; nobody is enrolled by asking. */
export const registerExperimentUnits: Register = (group, wire) => {
  wire(
    group
      .command("assignment <id> <unit>")
      .description("which variant a user has, without exposing it")
      .option(...ATTRIBUTES),
    async (context, command) => {
      const { signal } = context.world;
      const query = await unitOf(context, argument(command, 1), command.opts());
      const client = await context.client();
      const found = await experiments.assignment(client, argument(command, 0), query, { signal });
      context.show(found, () =>
        renderFields(
          [
            ["variant", `${found.name} (${found.variant_id})`],
            ["model", `${found.model}@${found.version}`],
            ["epoch", String(found.epoch)],
            ["reason", found.reason],
          ],
          context,
        ),
      );
    },
  );

  wire(
    group
      .command("explain <id> <unit>")
      .description("why a user has its variant: its place on the line of all users")
      .option(...ATTRIBUTES),
    async (context, command) => {
      const id = argument(command, 0);
      const { signal } = context.world;
      const query = await unitOf(context, argument(command, 1), command.opts());
      const client = await context.client();
      const explained = await experiments.explain(client, id, query, { signal });
      const { variants } = context.json
        ? { variants: [] }
        : await experiments.get(client, id, { signal });
      context.show(explained, () => renderUnitLine(explained, variants, context));
    },
  );
};

async function unitOf(context: Context, unit: string, { attributes }: { attributes?: string }) {
  if (unit === "") throw new UsageError("a unit is a user id or a request id");
  if (attributes === undefined) return { unit };
  const given = await readJsonOption(context.world, "--attributes", attributes);
  return { unit, attributes: attributesOf(given) };
}
