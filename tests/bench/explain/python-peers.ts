import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Which peer, and what it explains; peers/peers.py says what each takes. */
export type PeerAsked = { peer: string } & Record<string, unknown>;

/** Milliseconds a row, and the contributions of the first where the peer's answer has them. */
export type PeerRun = { ms: number; values: number[] | null };

export type Peer = { name: string; run: (rows: Span) => Promise<PeerRun> };

/** Rows from `from` to before `to`. */
export type Span = readonly [from: number, to: number];

type Answer = {
  name?: string;
  ms?: number;
  values?: number[] | null;
  missing?: string;
  failed?: string;
};

/** What is written where there is no interpreter with the peer. */
export const NOT_INSTALLED = "not installed";

/**
 * The peers of the Python interpreter that the environment names as `PYTHON`: one process, asked by
 * lines of JSON, so that ours and theirs take turns.
 */
export class PythonPeers {
  readonly #child: ChildProcess | null;
  readonly #lines: AsyncIterator<string> | null;
  #last = 0;

  constructor() {
    const { PYTHON } = process.env;
    if (PYTHON === undefined) {
      this.#child = this.#lines = null;
      return;
    }
    const script = fileURLToPath(new URL("peers/peers.py", import.meta.url));
    const child = spawn(PYTHON, [script], { stdio: ["pipe", "pipe", "inherit"] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Null where it is not installed. */
  async prepare(asked: PeerAsked): Promise<Peer | null> {
    if (this.#child === null) return null;
    const id = (this.#last += 1);
    const { name, missing } = await this.#ask({ ...asked, id });
    if (missing !== undefined || name === undefined) return null;
    const run = async ([from, to]: Span): Promise<PeerRun> => {
      const { ms = Number.NaN, values = null } = await this.#ask({ id, from, to });
      return { ms, values };
    };
    return { name, run };
  }

  stop(): void {
    this.#child?.kill();
  }

  async #ask(asked: object): Promise<Answer> {
    this.#child?.stdin?.write(`${JSON.stringify(asked)}\n`);
    const line = await this.#lines?.next();
    if (line === undefined || line.done === true) throw new Error("the Python process has ended");
    const answer = JSON.parse(line.value) as Answer;
    if (answer.failed !== undefined) throw new Error(`a peer failed: ${answer.failed}`);
    return answer;
  }
}
