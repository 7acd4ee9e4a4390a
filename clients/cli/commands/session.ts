import { keys, type KeyView, type Linnet, LinnetError, models, platform } from "@linnet/sdk";
import { type Context, openClient, type Register } from "../command.ts";
import { LoginNeeded, UsageError } from "../exit-codes.ts";
import {
  configPath,
  findProfile,
  keyId,
  keyPrefix,
  removeProfile,
  saveProfile,
} from "../profile.ts";
import { askSecret } from "../prompt.ts";
import { renderFields } from "../table.ts";

/** Setup, login, logout, whoami. */
export const registerSession: Register = (program, wire) => {
  wire(
    program
      .command("setup")
      .description("create the first administrator of a platform and log in as it")
      .requiredOption("--url <url>", "where the platform is")
      .requiredOption("--token <token>", "the deployment's secret SETUP_TOKEN")
      .option("--name <name>", "the administrator's name"),
    async (context, command) => {
      const { url, token, name } = command.opts<{ url: string; token: string; name?: string }>();
      const { signal } = context.world;
      const made = await platform.setUp(openClient(url), { token, name }, { signal });
      const path = await saveProfile(context.world, { url, api_key: made.key.key });
      context.show(made, () =>
        renderFields(
          [
            ["user", `${made.user.name} (${made.user.id})`],
            ["key", made.key.key],
          ],
          context,
        ),
      );
      context.note(`The key is kept in ${path} and shown only now.`);
      await noteOverride(context, path);
    },
  );

  wire(
    program
      .command("login")
      .description("keep a platform and a key for the commands to come")
      .option("--url <url>", "where the platform is; by default where you are logged in")
      .option("--key <key>", "the key; asked for, or read from standard input, without this")
      .addHelpText(
        "after",
        "\nExample:\n  $ linnet login --url https://linnet.example.com < key.txt",
      ),
    async (context, command) => {
      const options = command.opts<{ url?: string; key?: string }>();
      const { world } = context;
      const url = options.url ?? (await findProfile(world))?.url;
      if (url === undefined) throw new UsageError("say where the platform is: --url https://…");
      const key = options.key ?? (await askSecret(world, `API key for ${url}: `));
      if (key === "") throw new UsageError("there is no key to log in with");
      await tryKey(openClient(url, key), world.signal);
      const path = await saveProfile(world, { url, api_key: key });
      const data = { url, key_prefix: keyPrefix(key), source: path };
      context.show(data, () => `Logged in to ${url} with ${keyPrefix(key)}…`);
      await noteOverride(context, path);
    },
  );

  wire(
    program.command("logout").description("forget the platform and key that login kept"),
    async (context) => {
      const path = configPath(context.world);
      await removeProfile(context.world);
      context.show({ logged_out: true }, () => `Logged out: ${path} is gone`);
      await noteOverride(context, path);
    },
  );

  wire(
    program.command("whoami").description("show the platform and key in force, and try them"),
    async (context) => {
      const { world } = context;
      const profile = await findProfile(world);
      if (!profile) throw new LoginNeeded("not logged in to any platform");
      const { url, apiKey, source } = profile;
      if (apiKey === null) throw new LoginNeeded(`not logged in to ${url}`);
      const prefix = keyPrefix(apiKey);
      const client = openClient(url, apiKey);
      const key = await describeKey(client, apiKey, world.signal).catch((error: unknown) => {
        context.note(`${url} with ${prefix}… from ${source}`);
        throw error;
      });
      context.show({ url, source, key_prefix: prefix, key }, () =>
        renderFields(
          [
            ["platform", url],
            ["key", `${prefix}…`],
            ["from", source],
            ["name", key?.name],
            ["owner", key?.owner_id],
            ["scopes", key?.scopes.join(", ")],
            ["quota", key && `${key.rate_limit} requests an hour`],
            ["expires", key?.expires_at],
          ],
          context,
        ),
      );
    },
  );
};

/** Rejects unless the key is in force; one without the right to list models is. */
async function tryKey(client: Linnet, signal: AbortSignal): Promise<void> {
  try {
    await models.list(client, { limit: 1 }, { signal });
  } catch (error) {
    if (!isScopeMissing(error)) throw error;
  }
}

/** What the platform says of the key, or null when the key may not read about keys. */
async function describeKey(
  client: Linnet,
  apiKey: string,
  signal: AbortSignal,
): Promise<KeyView | null> {
  const id = keyId(apiKey);
  try {
    for await (const key of keys.all(client, { limit: 100 }, { signal }))
      if (key.id === id) return key;
  } catch (error) {
    if (!isScopeMissing(error)) throw error;
  }
  return null;
}

const isScopeMissing = (error: unknown): boolean =>
  error instanceof LinnetError && error.code === "scope_missing";

/** Says so when something else than the config file decides. */
async function noteOverride(context: Context, path: string): Promise<void> {
  const profile = await findProfile(context.world);
  if (profile && profile.source !== path)
    context.note(`Here ${profile.source} comes first: commands go to ${profile.url}.`);
}
