import { type PlatformOptions, startPlatform } from "../../../scripts/lib/platform.ts";
import { workerdOf } from "./processes.ts";

/** What the process that holds the platform is started with, and what it tells once it runs. */
export type PlatformTask = Pick<PlatformOptions, "port" | "secrets"> & { state: string };
export type PlatformUp = { url: string; workerd: number; inspectorPort: number };

const task = JSON.parse(process.argv[2] ?? "") as PlatformTask;
const vars = { LOG_LEVEL: "error" };
const onLog: PlatformOptions["onLog"] = ({ message }) => void process.stderr.write(`${message}\n`);
const { url, miniflare } = await startPlatform({ ...task, vars, onLog, inspectorPort: 0 });
const inspectorPort = Number((await miniflare.getInspectorURL()).port);
const up: PlatformUp = { url, workerd: await workerdOf(process.pid), inspectorPort };
process.send?.(up);
process.once("disconnect", () => process.exit(0));
