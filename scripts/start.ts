import { appendFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { createClient, type Linnet, platform } from "../clients/sdk/index.ts";
import { buildWorkers } from "./lib/build.ts";
import {
  claimLocal,
  forgetLocal,
  LOCAL,
  localSecrets,
  noteRuntime,
  readCredentials,
  type Secrets,
  writeCredentials,
} from "./lib/local.ts";
import { startPlatform } from "./lib/platform.ts";
import { loadWdbc, MODEL } from "./lib/wdbc.ts";

const { values } = parseArgs({
  options: {
    fresh: { type: "boolean", default: false },
    port: { type: "string", default: process.env["PORT"] ?? "8787" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(`npm start -- [--fresh] [--port 8787]

Builds Linnet and runs it here, on workerd with embedded D1, R2 and Durable Objects.
  --fresh  forget everything in .linnet/ and begin anew
  --port   where to listen on 127.0.0.1`);
  process.exit(0);
}
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error(`--port: expected a number from 0 to 65535, found '${values.port}'`);
  process.exit(2);
}

/** The folder of the state as people read it. */
const SHOWN = relative(process.cwd(), LOCAL) || ".";
const started = Date.now();
await claimLocal();
if (values.fresh) {
  await forgetLocal();
  await claimLocal();
}
process.stdout.write("Building … ");
await buildWorkers();
process.stdout.write("starting … ");
const secrets = await localSecrets();
const log = join(LOCAL, "platform.log");
await writeFile(log, "");
const { url } = await startPlatform({
  port,
  state: join(LOCAL, "state"),
  secrets,
  onLog: ({ message }) => void appendFile(log, `${message}\n`),
}).catch((error: Error) => {
  console.error(`\n${error.message}`);
  if (/address already in use/i.test(error.message))
    console.error(
      `Port ${port} is taken: choose another with 'npm start -- --port ${port + 1}', or end a workerd that was left behind when a platform was killed.`,
    );
  process.exit(1);
});
await noteRuntime();
const newKey = await ensureKey(url, secrets);
const { api_key } = (await readCredentials()) ?? { api_key: "" };
const client = createClient({ baseUrl: url, apiKey: api_key });
const loaded = await loadWdbc(client);
console.log(`ready in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
print(url, newKey);

process.on("exit", () => console.log(`Stopped; the state stays in ${SHOWN}/`));

/** Sets the platform up at its first start. The new key is saved for the CLI and the demo. */
async function ensureKey(baseUrl: string, { SETUP_TOKEN }: Secrets): Promise<string | null> {
  const known = await readCredentials();
  if (known) {
    await writeCredentials({ ...known, url: baseUrl });
    return null;
  }
  const anonymous: Linnet = createClient({ baseUrl });
  const { key } = await platform.setUp(anonymous, { token: SETUP_TOKEN });
  await writeCredentials({ url: baseUrl, api_key: key.key });
  return key.key;
}

function print(baseUrl: string, key: string | null): void {
  const width = 12;
  const line = (label: string, text: string) => console.log(`${label.padEnd(width)}${text}`);
  line("Platform", baseUrl);
  line("Reference", `${baseUrl}/docs`);
  line("Log", `${SHOWN}/platform.log`);
  if (key) {
    line("API key", key);
    line("", `It is shown once; the CLI and the demo here find it in ${SHOWN}/credentials.json.`);
  } else line("API key", `as before (in ${SHOWN}/credentials.json for the CLI and the demo)`);
  line(
    "Demo model",
    `${MODEL}: ${Object.entries(loaded)
      .map(([file, { version }]) => `version ${version} is ${file}`)
      .join(", ")}`,
  );
  console.log("\nTry, in another terminal:");
  console.log("  npm run demo                    a canary that is better than the champion");
  console.log("  npm run demo -- --regressed     a canary that is rolled back by itself");
  console.log("  npx linnet models list          the command line");
  console.log(
    "  npx linnet explain wdbc@2 --data examples/wdbc/held-out.csv --label-column 31 --row 1\n",
  );
}
