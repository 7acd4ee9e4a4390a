import { readdir, readFile, writeFile } from "node:fs/promises";

const MIB = 2 ** 20;

/** The workerd that a process started; 0 without one. */
export async function workerdOf(parent: number): Promise<number> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const [, name, , of] = /^\d+ \((.*?)\) (\w) (\d+)/.exec(stat) ?? [];
    if (name === "workerd" && Number(of) === parent) return Number(pid);
  }
  return 0;
}

/** Resident memory of a process in MiB: now, and the most since its start or `forgetPeak`. */
export async function residentMiB(pid: number): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const of = (name: string): number =>
    (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1_024) / MIB;
  return { now: of("VmRSS"), peak: of("VmHWM") };
}

/** https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html */
export const forgetPeak = (pid: number): Promise<void> => writeFile(`/proc/${pid}/clear_refs`, "5");

export async function untilGone(pid: number): Promise<void> {
  while (await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ""))
    await new Promise((resolve) => setTimeout(resolve, 5));
}
