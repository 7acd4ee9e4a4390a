import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { MEASUREMENTS, type Name } from "./measurements.ts";
import type { Options, Row } from "./row.ts";

type Asked = { name: Name; options: Options };

/** Runs a measurement that takes no times in a thread of its own, beside others. */
export function measureInThread(name: Name, options: Options): Promise<Row[]> {
  const asked: Asked = { name, options };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: asked });
    worker.once("error", reject);
    worker.once("message", (rows: Row[]) => {
      resolve(rows);
      // Some clients keep timers.
      void worker.terminate();
    });
  });
}

if (!isMainThread) {
  const { name, options } = workerData as Asked;
  const measure = await MEASUREMENTS[name].load();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origins
  parentPort?.postMessage(await measure(options));
}
