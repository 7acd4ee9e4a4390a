import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

const USUAL_PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Chromium's own software renderer stands in for a graphics card, so that every machine has the same. */
const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--no-first-run",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--remote-debugging-pipe",
];

const START_TIMEOUT_MS = 20_000;

/** The file of a Chromium: what `CHROMIUM` names where it is set, else one in the usual places. */
export function findChromium(): string | undefined {
  const named = process.env["CHROMIUM"];
  return (named === undefined ? USUAL_PATHS : [named]).find((path) => existsSync(path));
}

type Waiting = { resolve: (result: unknown) => void; reject: (error: Error) => void };
type Message = {
  id?: number;
  method?: string;
  result?: unknown;
  error?: { message: string };
};
type Evaluated = {
  result: { value?: unknown };
  exceptionDetails?: { text: string; exception?: { description?: string } };
};

/** A headless Chromium with one page, driven by the DevTools protocol over a pipe. */
export class Chromium {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #commands: Writable;
  readonly #waiting = new Map<number, Waiting>();
  readonly #loaded = Promise.withResolvers<void>();
  #page: string | undefined;
  #sent = 0;

  private constructor(process: ChildProcess, profile: string) {
    this.#process = process;
    this.#profile = profile;
    const [, , , commands, answers] = process.stdio;
    this.#commands = commands as Writable;
    // Whoever waits for it hears of a failure; where nobody does, it is no unhandled rejection.
    void this.#loaded.promise.catch(() => undefined);
    this.#commands.on("error", (error) => this.#fail(error));
    this.#read(answers as Readable);
    process.once("error", (error) => this.#fail(error));
    process.once("exit", () => this.#fail(new Error("Chromium has ended")));
  }

  /** Starts the browser and waits until the page is loaded. */
  static async start(executable: string, url: string): Promise<Chromium> {
    const profile = await mkdtemp(join(tmpdir(), "linnet-chromium-"));
    const child = spawn(executable, [...FLAGS, `--user-data-dir=${profile}`], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    const chromium = new Chromium(child, profile);
    const timer = setTimeout(() => {
      chromium.#fail(new Error(`Chromium has not loaded ${url} in ${START_TIMEOUT_MS} ms`));
    }, START_TIMEOUT_MS);
    try {
      await chromium.#load(url);
      return chromium;
    } catch (error) {
      await chromium.stop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The value of an expression in the page, awaited; it travels as JSON. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = (await this.#send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as Evaluated;
    if (exceptionDetails === undefined) return result.value;
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  }

  async stop(): Promise<void> {
    const isRunning = this.#process.exitCode === null && this.#process.signalCode === null;
    if (isRunning && this.#process.pid !== undefined) {
      const ended = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGKILL");
      await ended;
    }
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async #load(url: string): Promise<void> {
    const { targetId } = (await this.#send("Target.createTarget", { url: "about:blank" })) as {
      targetId: string;
    };
    const { sessionId } = (await this.#send("Target.attachToTarget", {
      targetId,
      flatten: true,
    })) as { sessionId: string };
    this.#page = sessionId;
    await this.#send("Page.enable");
    await this.#send("Page.navigate", { url });
    await this.#loaded.promise;
  }

  #send(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    this.#sent += 1;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#sent, answer);
    const session = this.#page === undefined ? {} : { sessionId: this.#page };
    this.#commands.write(`${JSON.stringify({ id: this.#sent, method, params, ...session })}\0`);
    return answer.promise;
  }

  /** Messages end with a zero byte. */
  #read(answers: Readable): void {
    let rest: string[] = [];
    answers.setEncoding("utf8");
    answers.on("data", (text: string) => {
      const [first = "", ...others] = text.split("\0");
      rest.push(first);
      for (const next of others) {
        this.#take(JSON.parse(rest.join("")) as Message);
        rest = [next];
      }
    });
  }

  #take({ id, method, result, error }: Message): void {
    if (method === "Page.loadEventFired") this.#loaded.resolve();
    const waiting = this.#waiting.get(id ?? 0);
    if (waiting === undefined) return;
    this.#waiting.delete(id ?? 0);
    if (error) waiting.reject(new Error(error.message));
    else waiting.resolve(result);
  }

  #fail(error: Error): void {
    this.#loaded.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
