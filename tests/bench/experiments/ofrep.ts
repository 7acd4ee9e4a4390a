import { build } from "esbuild";
import { median, type Round, runRound, type Scenario } from "../load.ts";
import { openPlatform, startBare, startExperiment, startWorker } from "../targets.ts";
import { splitFlagSet } from "./peers/flagd.ts";
import { type Options, ratioOf, type Row, whole } from "./row.ts";

const CANARY = 0.1;
const FLAG = "bench";

/** One flag over HTTP by OFREP, on a workerd each, with the same load. */
export async function measureOfrep({ quick }: Options): Promise<Row[]> {
  const [rounds, seconds] = quick ? [1, 1] : [5, 2];
  // One after the other: a server's process is told by being new.
  const bare = await startBare();
  const flagd = await startWorker("flagd", await flagdScript());
  const platform = await openPlatform();
  const servers = [bare, flagd, platform];
  try {
    await startExperiment(platform, {
      name: FLAG,
      flag_key: FLAG,
      consistency: "leased",
      canary: String(CANARY),
    });
    let serial = 0;
    const body = () => JSON.stringify({ context: { targetingKey: `user-${serial++}` } });
    const headers = { authorization: `Bearer ${platform.key}` };
    const path = `/ofrep/v1/evaluate/flags/${FLAG}`;
    const scenarios: Scenario[] = [
      { name: "linnet", server: platform, path, headers, body },
      { name: "flagd-core in a minimal Worker", server: flagd, path, body },
      { name: "a Worker that answers nothing but ok", server: bare, path, body },
    ];
    for (const { name, server } of scenarios.slice(0, 2))
      await check(name, server.url + path, headers);
    const results = scenarios.map((): Round[] => []);
    for (let round = -1; round < rounds; round++)
      for (const [index, scenario] of [...scenarios.entries()].toSorted(
        ([a], [b]) => (round % 2 === 0 ? 1 : -1) * (a - b),
      )) {
        const measured = await runRound(scenario, round < 0 ? 1 : seconds);
        if (round >= 0) results[index]?.push(measured);
      }
    const of = (index: number, field: keyof Round): number =>
      median((results[index] ?? []).map((round) => round[field]));
    const row = (measure: string, field: keyof Round, written: (value: number) => string): Row => ({
      measure: `OFREP, one flag: ${measure}`,
      ours: written(of(0, field)),
      peers: scenarios.slice(1).map(({ name }, index) => ({
        name,
        value: written(of(index + 1, field)),
        ratio: ratioOf(of(0, field), of(index + 1, field)),
      })),
      how: `16 connections, own sockets of workerd, median of ${rounds} rounds of ${seconds} s in turns; ours checks a key and counts exposures; the official flagd-ofrep-cf-worker is in no registry and does more than this one`,
    });
    const milliseconds = (value: number) => value.toFixed(1);
    return [
      row("requests a second", "perSecond", whole),
      row("server CPU, µs a request", "cpuMicros", whole),
      row("p50, ms", "p50", milliseconds),
      row("p95, ms", "p95", milliseconds),
    ];
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function flagdScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [new URL("flagd-worker.mjs", import.meta.url).pathname],
    bundle: true,
    write: false,
    format: "esm",
    target: "esnext",
    conditions: ["worker", "module", "import"],
    mainFields: ["browser", "module", "main"],
    minify: true,
    logLevel: "error",
    define: { FLAGS: JSON.stringify(splitFlagSet([1 - CANARY, CANARY])) },
  });
  return outputFiles[0]?.text ?? "";
}

/** Both split by the key of the user; a flag that always answers the same would be no comparison. */
async function check(name: string, url: string, headers: Record<string, string>): Promise<void> {
  const variants = new Set<string>();
  for (let user = 0; user < 200; user++) {
    const body = JSON.stringify({ context: { targetingKey: `check-${user}` } });
    const asked = {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    };
    const response = await fetch(url, asked);
    if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
    variants.add(((await response.json()) as { variant: string }).variant);
  }
  if (variants.size !== 2) throw new Error(`${name}: ${[...variants].join(", ")}`);
}
