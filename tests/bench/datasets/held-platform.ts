import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createClient, keys, type Linnet, platform as linnet } from "../../../clients/sdk/index.ts";
import { makeSecrets } from "../../../scripts/lib/local.ts";
import { type IsolateMemory, type IsolatePeak, unseen, watchIsolate } from "./isolate-memory.ts";
import type { PlatformTask, PlatformUp } from "./platform-process.ts";
import { forgetPeak, residentMiB, untilGone } from "./processes.ts";

/** The Worker that cuts, hashes and reads files. */
const DATA = "linnet-data";

/** In MiB. `process` is of all of workerd, `data` of the isolate of `linnet-data`. */
export type Memory = { process: number; data: IsolatePeak };

/** The platform in a process of its own, with its state on disk, so that it may be killed. */
export class HeldPlatform {
  readonly #task: PlatformTask;
  #child: ChildProcess | null = null;
  #up: PlatformUp = { url: "", workerd: 0, inspectorPort: 0 };
  #isolate: IsolateMemory | null = null;
  #isWatched = false;
  #key = "";
  /** Resident memory of workerd before there was any work, in MiB. */
  idle = 0;

  private constructor(state: string) {
    this.#task = { state, secrets: makeSecrets(), port: 0 };
  }

  static async open(state: string): Promise<HeldPlatform> {
    const held = new HeldPlatform(state);
    await held.start();
    held.idle = (await residentMiB(held.#up.workerd)).now;
    const { SETUP_TOKEN } = held.#task.secrets;
    const anyone = createClient({ baseUrl: held.url });
    const { key: owner } = await linnet.setUp(anyone, { token: SETUP_TOKEN });
    const client = createClient({ baseUrl: held.url, apiKey: owner.key });
    const all = { name: "bench", scopes: ["admin" as const], rate_limit: 100_000_000 };
    held.#key = (await keys.create(client, all)).key;
    return held;
  }

  get url(): string {
    return this.#up.url;
  }

  get key(): string {
    return this.#key;
  }

  get client(): Linnet {
    return createClient({ baseUrl: this.url, apiKey: this.#key });
  }

  /** Starts it on the state that is there, at the address that it had. */
  async start(): Promise<void> {
    const file = fileURLToPath(new URL("platform-process.ts", import.meta.url));
    const child = fork(file, [JSON.stringify(this.#task)]);
    const failed = once(child, "exit").then(([code]) => {
      throw new Error(`the platform did not start: it ended with ${String(code)}`);
    });
    const [up] = (await Promise.race([once(child, "message"), failed])) as [PlatformUp];
    failed.catch(() => undefined);
    this.#child = child;
    this.#up = up;
    this.#task.port = Number(new URL(up.url).port);
    if (this.#isWatched) await this.watch();
  }

  /** Has the isolate's memory looked at from now on, which slows it. */
  async watch(): Promise<void> {
    this.#isWatched = true;
    this.#isolate = await watchIsolate(this.#up.inspectorPort, DATA);
  }

  unwatch(): void {
    this.#isWatched = false;
    this.#isolate?.close();
    this.#isolate = null;
  }

  /** As a machine that fails: nothing is told before, and nothing is finished. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    this.#isolate?.close();
    if (!child) return;
    // Miniflare first: it would start a workerd that dies anew.
    child.kill("SIGKILL");
    process.kill(this.#up.workerd, "SIGKILL");
    await untilGone(this.#up.workerd);
  }

  /** The most memory since the last call. */
  async memory(): Promise<Memory> {
    const { peak } = await residentMiB(this.#up.workerd);
    const data = this.#isolate?.peak() ?? unseen();
    await forgetPeak(this.#up.workerd);
    this.#isolate?.forget();
    return { process: peak, data };
  }
}
