import { readFileSync } from "node:fs";
import autocannon from "autocannon";
import type { Server } from "./targets.ts";

export type Scenario = {
  name: string;
  server: Server;
  /** The scenario that its throughput is a ratio of. */
  compareTo?: string;
  path: string;
  headers?: Record<string, string>;
  /** Each call gives the next request's body. */
  body: () => string;
  /** How many things one request carries, such as outcomes in a batch. */
  carries?: number;
  /** The platform is to refuse it; what it costs up to there is what is measured. */
  refused?: boolean;
};

/** Latencies in milliseconds, to a tenth. */
export type Round = { perSecond: number; cpuMicros: number; p50: number; p95: number; p99: number };

const CONNECTIONS = 16;
const TICKS_PER_SECOND = 100;

/** User and system time of a process so far, in microseconds. */
function cpuTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SECOND;
}

/** Loads one scenario for some seconds; an answer that is not the expected one fails the benchmark. */
export async function runRound(scenario: Scenario, seconds: number): Promise<Round> {
  const { server, path, headers = {}, body, carries = 1, refused = false } = scenario;
  const before = cpuTime(server.pid);
  const latencies: number[] = [];
  const running = autocannon({
    url: server.url,
    connections: CONNECTIONS,
    duration: seconds,
    requests: [
      {
        method: "POST",
        path,
        headers: { "content-type": "application/json", ...headers },
        setupRequest: (request) => ({ ...request, body: body() }),
      },
    ],
  });
  running.on("response", (_client, _status, _bytes, latency) => latencies.push(latency));
  const result = await running;
  latencies.sort((a, b) => a - b);
  const at = (q: number) => Number((latencies[Math.floor(q * latencies.length)] ?? 0).toFixed(1));
  const { total } = result.requests;
  const wrong = refused ? total - result.non2xx : result.non2xx;
  const failed = wrong + result.errors + result.timeouts;
  if (failed > 0) throw new Error(`${scenario.name}: ${failed} of ${total} requests failed`);
  return {
    perSecond: (total * carries) / result.duration,
    cpuMicros: (cpuTime(server.pid) - before) / (total * carries),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
