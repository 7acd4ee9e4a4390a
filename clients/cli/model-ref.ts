import { aliases, type Linnet, models, versions } from "@linnet/sdk";
import { UsageError } from "./exit-codes.ts";

/** `wdbc`, `wdbc@3` or `wdbc@champion`. */
export type ModelRef = { model: string; version?: number; alias?: string };

export function parseModelRef(text: string): ModelRef {
  const [model = "", at, ...rest] = text.split("@");
  if (model === "" || at === "" || rest.length > 0)
    throw new UsageError(`'${text}' is not a model, model@version or model@alias`);
  if (at === undefined) return { model };
  return /^\d+$/.test(at) ? { model, version: Number(at) } : { model, alias: at };
}

/** The version that is meant; without one, what a prediction would use: champion, else latest. */
export async function resolveVersion(
  client: Linnet,
  { model, version, alias }: ModelRef,
  signal: AbortSignal,
): Promise<{ model: string; version: number }> {
  if (version !== undefined) return { model, version };
  if (alias !== undefined) {
    const found = await aliases.get(client, model, alias, { signal });
    return { model, version: found.version };
  }
  const found = await models.get(client, model, { signal });
  const champion = found.aliases.find((one) => one.alias === "champion")?.version;
  const meant = champion ?? found.latest_version;
  // The platform has the better words for a model without versions.
  return { model, version: meant ?? (await versions.get(client, model, 1, { signal })).version };
}
