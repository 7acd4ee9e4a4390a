import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { datasets } from "../../../clients/sdk/index.ts";
import { residentMiB } from "./processes.ts";
import type { PushReport, PushTask } from "./push-process.ts";

type Progress = datasets.DatasetUploadProgress;

export type Pushed = {
  upload: string;
  /** As far as it came: bytes count as sent once the platform has answered for them. */
  progress: Progress;
  /** Until all was sent. */
  sending_ms: number;
  /** From then on until there was a version. */
  checking_ms: number;
  /** Null for one that was killed. */
  version: datasets.PushedVersion | null;
  /** The client's, in MiB. */
  memory: number;
};

/** May end the client, and is waited for before more is heard of it. */
export type Watcher = (progress: Progress, kill: () => void) => void;

/** Pushes a file with the SDK in a process of its own, which may be killed by who watches it. */
export async function push(task: PushTask, watch: Watcher = () => undefined): Promise<Pushed> {
  const began = performance.now();
  const file = fileURLToPath(new URL("push-process.ts", import.meta.url));
  const child = fork(file, [JSON.stringify(task)]);
  const ended = once(child, "exit") as Promise<[number | null]>;
  const pid = child.pid ?? 0;
  let killed = false;
  let version: Pushed["version"] = null;
  let upload = task.uploadId ?? "";
  let progress: Progress = {
    phase: "sending",
    bytes_hashed: 0,
    bytes_total: 0,
    bytes_sent: 0,
    bytes_to_send: 0,
  };
  let sent = began;
  let memory = 0;
  child.on("message", (report: PushReport) => {
    if ("upload" in report) upload = report.upload;
    if ("version" in report) ({ version } = report);
    if (!("progress" in report) || killed) return;
    ({ progress } = report);
    if (progress.phase === "sending") sent = performance.now();
    residentMiB(pid).then(
      ({ peak }) => (memory = Math.max(memory, peak)),
      () => undefined,
    );
    watch(progress, () => {
      killed = child.kill("SIGKILL");
    });
  });
  const [code] = await ended;
  if (!killed && (code !== 0 || version === null))
    throw new Error(`the client ended with ${code} after ${progress.bytes_sent} bytes`);
  const checking_ms = performance.now() - sent;
  return { upload, progress, sending_ms: sent - began, checking_ms, version, memory };
}
