import { env } from "cloudflare:workers";
import { openDirectory } from "../../../database/directory.ts";
import { reserveLayer } from "../../../database/layers.ts";
import { insertUser } from "../../../database/users.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { granted } from "./granted.ts";
import { serialId } from "./serial-id.ts";

export const TENTH = WHOLE / 10;

/** A layer of a new user in the directory; its actor is not named before it is called. */
export async function reservedLayer() {
  const layer_id = serialId("lyr");
  const owner_id = serialId("usr");
  const directory = openDirectory(env.DB);
  await insertUser(directory, { id: owner_id, name: "owner", created_at: 0 });
  const identity = { layer_id, name: "checkout", created_at: 1_000 };
  const times = { created_at: identity.created_at, updated_at: identity.created_at };
  const row = { id: layer_id, owner_id, name: "checkout", description: "", holdout: "0", ...times };
  await reserveLayer(directory, row);
  return { layer_id, identity, layer: env.LAYER.getByName(layer_id) };
}

/** A layer that holds out this many tenths, and a way to ask it for more. */
export async function createLayer(holdout = 0) {
  const reserved = await reservedLayer();
  const { layer, identity } = reserved;
  await granted(layer.put(identity, { holdout: holdout * TENTH }));
  return {
    ...reserved,
    hold: (tenths: number) => layer.put(identity, { holdout: tenths * TENTH }),
    claim: (id: string, tenths: number) => layer.claim(id, tenths * TENTH),
    describe: async () => {
      const { holders, ...record } = await granted(layer.describe());
      const shares = holders.map(({ experiment_id, share }) => [experiment_id, share / TENTH]);
      return {
        ...record,
        holdout: record.holdout / TENTH,
        free: record.free / TENTH,
        shares: Object.fromEntries(shares) as Record<string, number>,
      };
    },
  };
}

/** What the directory says of a layer. */
export const listedLayer = (layer_id: string) =>
  env.DB.prepare("SELECT name, description, holdout, updated_at FROM layer WHERE id = ?")
    .bind(layer_id)
    .first<{ name: string; description: string; holdout: string; updated_at: number }>();
