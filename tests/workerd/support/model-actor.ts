import { env } from "cloudflare:workers";
import { type AcceptedVersion, objectKey, uploadKey } from "../../../contract/model-lease.ts";
import { openDirectory } from "../../../database/directory.ts";
import { insertModel } from "../../../database/models.ts";
import { insertUser } from "../../../database/users.ts";
import { granted } from "./granted.ts";
import { serialId } from "./serial-id.ts";

const SIGNATURE = { inputs: [], outputs: [] };

/** A model of a new user in the directory; its actor is not named before it is called. */
export async function createModel() {
  const model_id = serialId("mdl");
  const owner_id = serialId("usr");
  const directory = openDirectory(env.DB);
  await insertUser(directory, { id: owner_id, name: "owner", created_at: 0 });
  await insertModel(directory, {
    id: model_id,
    owner_id,
    name: model_id,
    description: "",
    latest_version: null,
    created_at: 0,
    updated_at: 0,
  });
  return { model_id, owner_id, model: env.MODEL.getByName(model_id) };
}

/** The steps of one upload of `content`, as workers/api/http/upload-version.ts takes them. */
export async function uploadOf(model_id: string, content: string) {
  const model = env.MODEL.getByName(model_id);
  const upload_id = serialId("upl");
  const bytes = new TextEncoder().encode(content);
  const sha256 = hex(await crypto.subtle.digest("SHA-256", bytes));
  const object = objectKey(model_id, sha256);
  const temporary = uploadKey(upload_id);
  const accepted = {
    sha256,
    size_bytes: bytes.length,
    signature: SIGNATURE,
    description: content,
    created_by: "key_uploader",
  };
  return {
    sha256,
    object,
    temporary,
    begin: () => model.beginUpload(model_id, upload_id),
    write: () => env.MODELS.put(temporary, bytes),
    reserve: () => model.reserveContent(upload_id, sha256),
    keep: () => env.MODELS.put(object, bytes),
    accept: (more: Partial<AcceptedVersion> = {}) =>
      model.acceptVersion(upload_id, { ...accepted, ...more }),
    abandon: () => model.abandonUpload(upload_id),
  };
}

/** Uploads `content` as the route does, and answers with the number of its version. */
export async function addVersion(model_id: string, content: string): Promise<number> {
  const upload = await uploadOf(model_id, content);
  await granted(upload.begin());
  await upload.write();
  const known = await upload.reserve();
  if (known) {
    await upload.abandon();
    return known.version;
  }
  await upload.keep();
  return (await granted(upload.accept())).version;
}

/** What the directory says of a model. */
export async function listed(model_id: string) {
  const select = <Row>(what: string, where: string, order: string) =>
    env.DB.prepare(`SELECT ${what} FROM ${where} = ? ORDER BY ${order}`)
      .bind(model_id)
      .all<Row>()
      .then(({ results }) => results);
  type Version = { version: number; sha256: string };
  type Alias = { alias: string; version: number };
  const [model] = await select<{ latest_version: number | null }>("*", "model WHERE id", "id");
  const versions = await select<Version>("*", "model_version WHERE model_id", "version");
  const aliases = await select<Alias>("*", "model_alias WHERE model_id", "alias");
  return {
    exists: model !== undefined,
    latest: model?.latest_version ?? null,
    versions: versions.map(({ version }) => version),
    aliases: aliases.map(({ alias, version }) => `${alias}=${version}`),
  };
}

/** The keys of the model's objects in R2. */
export async function objectsOf(model_id: string): Promise<string[]> {
  const { objects } = await env.MODELS.list({ prefix: `models/${model_id}/` });
  return objects.map(({ key }) => key);
}

export const exists = async (key: string): Promise<boolean> =>
  (await env.MODELS.head(key)) !== null;

const hex = (bytes: ArrayBuffer): string =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
