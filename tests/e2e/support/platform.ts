import { createClient, type Linnet, platform } from "../../../clients/sdk/index.ts";
import { makeSecrets } from "../../../scripts/lib/local.ts";
import { startPlatform } from "../../../scripts/lib/platform.ts";

export type RunningPlatform = {
  url: string;
  /** With the administrator's key. */
  admin: Linnet;
  key: string;
  logs: () => string[];
  stop: () => Promise<void>;
};

/** The built Workers together, with a state of their own that ends with them. */
export async function runPlatform(vars: Record<string, string> = {}): Promise<RunningPlatform> {
  const secrets = makeSecrets();
  const lines: string[] = [];
  const onLog = ({ message }: { message: string }) => void lines.push(message);
  const { url, miniflare } = await startPlatform({ secrets, vars, onLog });
  const anonymous = createClient({ baseUrl: url });
  const { key } = await platform.setUp(anonymous, { token: secrets.SETUP_TOKEN });
  const admin = createClient({ baseUrl: url, apiKey: key.key });
  return { url, admin, key: key.key, logs: () => lines, stop: () => miniflare.dispose() };
}
