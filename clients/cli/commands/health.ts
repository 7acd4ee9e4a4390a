import { platform } from "@linnet/sdk";
import { openClient, type Register } from "../command.ts";
import { EXIT, LoginNeeded } from "../exit-codes.ts";
import { formatMs } from "../format.ts";
import { findProfile } from "../profile.ts";
import { renderTable } from "../table.ts";

export const registerHealth: Register = (program, wire) => {
  wire(
    program
      .command("health")
      .description("ask every part of the platform whether it answers; needs no key")
      .option("--url <url>", "another platform than the one you are logged in to"),
    async (context, command) => {
      const { paint, width } = context;
      const url = command.opts<{ url?: string }>().url ?? (await findProfile(context.world))?.url;
      if (url === undefined) throw new LoginNeeded("no platform is known; give --url");
      const { signal } = context.world;
      const health = await platform.healthDeep(openClient(url), { signal });
      const mark = (status: string) => (status === "ok" ? paint.green : paint.red);
      context.show(health, () => {
        const head = `${url}  ${mark(health.status)(health.status)}  version ${health.version}`;
        const table = renderTable(
          [
            { title: "part", value: ({ name }) => name },
            {
              title: "status",
              value: ({ status }) => status,
              style: (cell, { status }) => mark(status)(cell),
            },
            { title: "ms", align: "right", value: ({ latency_ms }) => formatMs(latency_ms) },
            { title: "detail", flexible: true, value: ({ detail }) => detail ?? "" },
          ],
          health.dependencies,
          { paint, width },
        );
        return `${head}\n\n${table}`;
      });
      return health.status === "ok" ? EXIT.ok : EXIT.unavailable;
    },
  );
};
