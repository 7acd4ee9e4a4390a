import type { Context } from "hono";
import type { BackgroundSet } from "../../../contract/explain.ts";
import { openDirectory } from "../../../database/directory.ts";
import {
  type BackgroundRow,
  findBackground,
  listBackgrounds,
} from "../../../database/backgrounds.ts";
import { ELEMENT_ARRAYS, elementsIn } from "../../../domain/tensors/element-arrays.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import type { ModelVersion } from "../../../contract/model-lease.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { BoundedMap } from "../leases/bounded-map.ts";

/** The set that is taken where none is named. */
export const DEFAULT_BACKGROUND = "default";

/** Sets by their ids, under which they never change. */
const sets = new BoundedMap<string, BackgroundSet>(64);
/** What a name means, for as long as a routing lease. */
const names = new BoundedMap<string, { id: string; until: number }>(1_000);

type StoredTensor = Pick<Tensor, "type" | "dims"> & { data: string | string[] };
type Body = { feeds: Record<string, StoredTensor>; weights: number[] | null };

/** The set of this name of the version; null where none was named and there is no default. */
export async function leaseBackground(
  c: Context<AppEnv>,
  { model_id, version }: ModelVersion,
  asked: string | undefined,
): Promise<BackgroundSet | null> {
  const name = asked ?? DEFAULT_BACKGROUND;
  const key = `${model_id}/${version}/${name}`;
  const known = names.get(key);
  const now = Date.now();
  const copy = known && now < known.until ? sets.get(known.id) : undefined;
  if (copy) return copy;
  const row = await findBackground(openDirectory(c.env.DB), { model_id, version }, name);
  if (row) {
    const set = setOf(row);
    sets.set(row.id, set);
    names.set(key, { id: row.id, until: now + Number(c.env.ROUTING_LEASE_MS) });
    return set;
  }
  if (asked === undefined) return null;
  throw await unknownBackground(c, { model_id, version }, asked);
}

export async function unknownBackground(
  c: Context<AppEnv>,
  { model_id, version }: Pick<ModelVersion, "model_id" | "version">,
  asked: string,
): Promise<ApiProblem> {
  const all = await listBackgrounds(openDirectory(c.env.DB), { model_id, version });
  const there = all.map(({ name }) => `'${name}'`).join(", ");
  return new ApiProblem(
    "background_not_found",
    `version ${version} has no background set '${asked}'; it has ${there === "" ? "none" : there}`,
  );
}

/** This isolate knows the name anew. */
export const forgetBackground = (model_id: string, version: number, name: string): void =>
  void names.delete(`${model_id}/${version}/${name}`);

export const bodyOf = ({ feeds, weights }: Omit<BackgroundSet, "id">): string => {
  const stored = Object.entries(feeds).map(([name, { type, dims, data }]) => [
    name,
    {
      type,
      dims,
      data: Array.isArray(data)
        ? data
        : new Uint8Array(data.buffer, data.byteOffset, data.byteLength).toBase64(),
    },
  ]);
  return JSON.stringify({ feeds: Object.fromEntries(stored), weights });
};

export function setOf({ id, body }: Pick<BackgroundRow, "id" | "body">): BackgroundSet {
  const { feeds, weights } = JSON.parse(body) as Body;
  const read = Object.entries(feeds).map(([name, { type, dims, data }]): [string, Tensor] => {
    if (typeof data !== "string") return [name, { type: "string", dims, data }];
    const kind = type === "string" ? "float32" : type;
    const elements = elementsIn(kind, Uint8Array.fromBase64(data));
    return [name, { type, dims, data: elements ?? new ELEMENT_ARRAYS[kind](0) }];
  });
  return { id, feeds: Object.fromEntries(read), weights };
}
