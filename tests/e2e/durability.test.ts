import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createClient, experiments, type Linnet } from "../../clients/sdk/index.ts";
import { ROOT } from "../../scripts/lib/build.ts";
import { MODEL } from "../../scripts/lib/wdbc.ts";
import { type Command, runCommand } from "./support/newcomer.ts";

const BATCH = 50;

let home: string;
let platform: Command;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "linnet-durability-"));
});
afterAll(async () => {
  platform.kill("SIGKILL");
  await platform.ended;
  await rm(home, { recursive: true, force: true });
});

async function start(): Promise<Linnet> {
  const env = { ...process.env, LINNET_HOME: home };
  platform = runCommand(process.execPath, ["scripts/start.ts", "--port", "0"], { cwd: ROOT, env });
  await platform.prints(/Try, in another terminal/);
  const { url, api_key } = JSON.parse(await readFile(join(home, "credentials.json"), "utf8"));
  return createClient({ baseUrl: url, apiKey: api_key, retries: 0 });
}

it("keeps every acknowledged outcome when the whole platform is killed in the middle of them", async () => {
  const before = await start();
  const experiment = await experiments.create(before, {
    name: "to be killed",
    variants: [
      { model: MODEL, version: 1, traffic_weight: "0.5", is_control: true },
      { model: MODEL, version: 2, traffic_weight: "0.5" },
    ],
  });
  await experiments.start(before, experiment.id);
  const variant_id = experiment.variants[0]?.variant_id ?? "";
  const batch = (number: number) =>
    Array.from({ length: BATCH }, (_, index) => ({
      request_id: `${number}-${index}`,
      variant_id,
      success: true,
      latency_ms: 10,
    }));

  let acknowledged = 0;
  let sent = 0;
  const writer = async (): Promise<void> => {
    for (;;) {
      try {
        const { accepted } = await experiments.reportOutcomes(before, experiment.id, batch(sent++));
        acknowledged += accepted;
      } catch {
        return;
      }
      if (acknowledged >= 40 * BATCH) platform.kill("SIGKILL");
    }
  };
  await Promise.all([writer(), writer(), writer()]);
  await platform.ended;

  const after = await start();
  const counted = async () => {
    const { variants } = await experiments.metrics(after, experiment.id);
    return variants.find((variant) => variant.variant_id === variant_id)?.request_count ?? 0;
  };
  const survived = await counted();
  expect(survived).toBeGreaterThanOrEqual(acknowledged);
  expect(survived % BATCH).toBe(0);

  // A sender that got no answer sends again: what was kept is a duplicate, the rest is counted now.
  for (let number = 0; number < sent; number++)
    await experiments.reportOutcomes(after, experiment.id, batch(number));
  expect(await counted()).toBe(sent * BATCH);
});
