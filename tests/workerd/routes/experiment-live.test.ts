import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { LiveFrame } from "../../../contract/experiment-live.ts";
import { newModel, runningExperiment } from "../support/model-fixtures.ts";
import { keyOf, newKey, ORIGIN, refused, succeeds } from "../support/platform.ts";

const PROTOCOL = "sec-websocket-protocol";
let key = "";
let experiment: Awaited<ReturnType<typeof runningExperiment>>;
beforeAll(async () => {
  key = await keyOf();
  await newModel(key, "m");
  experiment = await runningExperiment(key, "m", { consistency: "strict" });
});

const path = (id = experiment.id) => `GET /v1/experiments/${id}/live`;
const open = (headers: Record<string, string>, id = experiment.id) =>
  exports.default.fetch(`${ORIGIN}/v1/experiments/${id}/live`, {
    headers: { upgrade: "websocket", ...headers },
  });
/** The frames that a socket sends, one after the other. */
function framesOf({ webSocket }: Response) {
  if (!webSocket) throw new Error("the connection is no WebSocket");
  const heard: LiveFrame[] = [];
  const waiting: (() => void)[] = [];
  webSocket.addEventListener("message", ({ data }) => {
    heard.push(JSON.parse(String(data)) as LiveFrame);
    waiting.shift()?.();
  });
  webSocket.accept();
  return async (): Promise<LiveFrame | undefined> => {
    if (heard.length === 0) await new Promise<void>((resume) => waiting.push(resume));
    return heard.shift();
  };
}

describe("the live connection of an experiment", () => {
  it("opens with a key in a header, and tells what happens over the API", async () => {
    const response = await open({ authorization: `Bearer ${key}` });
    expect(response.status).toBe(101);
    expect(response.headers.get("x-request-id")).toMatch(/^req_/);
    const next = framesOf(response);
    expect(await next()).toMatchObject({ experiment_id: experiment.id, status: "running" });
    await succeeds(200, `POST /v1/experiments/${experiment.id}/pause`, { key });
    expect(await next()).toMatchObject({ status: "paused", epoch: 2 });
    await succeeds(200, `POST /v1/experiments/${experiment.id}/resume`, { key });
    response.webSocket?.close();
  });

  it("opens with a key as a subprotocol, which is all that a browser can send", async () => {
    const response = await open({ [PROTOCOL]: `linnet.live.v1, linnet.key.${key}` });
    expect(response.status).toBe(101);
    expect(response.headers.get(PROTOCOL)).toBe("linnet.live.v1");
    expect(await framesOf(response)()).toMatchObject({ experiment_id: experiment.id });
    response.webSocket?.close();
  });

  it("is no page: without an upgrade it says what it is", async () => {
    const { headers } = await refused("upgrade_required", path(), { key });
    expect(headers.get("content-type")).toBe("application/problem+json");
    await refused("upgrade_required", path(), { key, headers: { upgrade: "h2c" } });
  });

  it("needs a key, one of this platform, in force, with the scope to read", async () => {
    const status = async (headers: Record<string, string>) => {
      const response = await open(headers);
      const { code } = await response.json<{ code: string }>();
      return [response.status, code];
    };
    expect(await status({})).toEqual([401, "key_missing"]);
    expect(await status({ [PROTOCOL]: "linnet.live.v1" })).toEqual([401, "key_missing"]);
    expect(await status({ [PROTOCOL]: "linnet.live.v1, linnet.key.nonsense" })).toEqual([
      401,
      "key_malformed",
    ]);
    const blind = await newKey({ scopes: ["predict"] });
    expect(await status({ [PROTOCOL]: `linnet.key.${blind.key}` })).toEqual([403, "scope_missing"]);
    const { id, key: revoked } = await newKey();
    await succeeds(200, `DELETE /v1/keys/${id}`, { key: revoked });
    expect(await status({ authorization: `Bearer ${revoked}` })).toEqual([401, "key_revoked"]);
  });

  it("is somebody else's for everybody else, as if it were not there", async () => {
    const stranger = await keyOf();
    const response = await open({ authorization: `Bearer ${stranger}` });
    expect(response.webSocket).toBeNull();
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { code: "experiment_not_found" },
    ]);
    await refused("experiment_not_found", path(), { key: stranger });
    await refused("invalid_request", path("exp_no"), { key });
  });

  it("is not there any more when the experiment was deleted", async () => {
    const { id } = await runningExperiment(key, "m");
    const response = await open({ authorization: `Bearer ${key}` }, id);
    const next = framesOf(response);
    await next();
    const closed = new Promise((resume) => response.webSocket?.addEventListener("close", resume));
    await succeeds(200, `POST /v1/experiments/${id}/rollback`, { key });
    await succeeds(204, `DELETE /v1/experiments/${id}`, { key });
    await closed;
    const again = await open({ authorization: `Bearer ${key}` }, id);
    expect([again.status, again.webSocket]).toEqual([404, null]);
  });
});
