import { startPlatform, type PlatformOptions } from "../../../scripts/lib/platform.ts";

/** Holds a platform in a process of its own, which may be killed; prints where it listens. */
const task = JSON.parse(process.argv[2] ?? "") as Pick<PlatformOptions, "state" | "secrets">;
const { url } = await startPlatform(task);
process.stdout.write(`listens at ${url}\n`);
