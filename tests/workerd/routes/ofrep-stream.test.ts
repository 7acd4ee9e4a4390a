import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../workers/api/http/ids.ts";
import { streamToken } from "../../../workers/api/ofrep/stream-token.ts";
import { BULK, type FlagOwner, newFlagOwner, user } from "../support/flag-owner.ts";
import { heard } from "../support/heard.ts";
import { runningExperiment } from "../support/model-fixtures.ts";
import { ORIGIN, refused } from "../support/platform.ts";

let owner: FlagOwner;
beforeAll(async () => {
  owner = await newFlagOwner();
});

describe("the stream of changes", () => {
  const open = (uri: string, headers: Record<string, string> = {}, method = "GET") =>
    exports.default.fetch(`${ORIGIN}${uri}`, { method, headers });
  const uriOf = async ({ evaluateAll }: FlagOwner) => {
    const { eventStreams } = (await evaluateAll()).body;
    return eventStreams[0]?.endpoint.requestUri ?? "";
  };
  const listen = async (uri: string, headers?: Record<string, string>) => {
    const response = await open(uri, headers);
    expect(response.status).toBe(200);
    if (!response.body) throw new Error("a stream has a body");
    return heard(response.body);
  };

  it("is told with the flags, at one address for all who ask in the hour", async () => {
    const { body } = await owner.evaluateAll();
    expect(body.eventStreams).toEqual([
      {
        type: "sse",
        endpoint: { requestUri: expect.stringMatching(/^\/ofrep\/v1\/streams\/[\w.]+$/) },
        inactivityDelaySec: 120,
      },
    ]);
    const other = (await owner.evaluateAll("", user("other"))).body;
    expect(other.eventStreams).toEqual(body.eventStreams);
  });

  it("says what changed, so that who asks then gets the table after it", async () => {
    const changing = await newFlagOwner();
    const { id } = await runningExperiment(changing.key, "m", { flag_key: "a" });
    const stream = await listen(await uriOf(changing));
    expect(await stream.next()).toMatchObject({ data: { type: "refetchEvaluation" } });
    expect((await changing.evaluateAll()).body.flags).toMatchObject([{ reason: "SPLIT" }]);
    // Not by the route, which would make this isolate forget its lease by itself.
    await env.EXPERIMENT.getByName(id).change("pause", { by: "key_other" });
    const event = await stream.next();
    expect(event).toEqual({
      id: expect.stringMatching(/^\d+$/),
      event: "message",
      data: {
        type: "refetchEvaluation",
        etag: event?.id,
        lastModified: expect.any(Number),
      },
    });
    const refetched = await changing.evaluateAll(`?flagConfigEtag=${event?.id}`);
    expect(refetched.body.flags).toMatchObject([{ reason: "DISABLED" }]);
    await stream.stop();
  });

  it("says what was missed to who comes back with the last id", async () => {
    const changing = await newFlagOwner();
    const { id } = await runningExperiment(changing.key, "m", { flag_key: "a" });
    const uri = await uriOf(changing);
    const first = await listen(uri);
    const last = await first.next();
    await changing.change(id, "pause");
    const next = await first.next();
    await first.stop();
    await changing.change(id, "resume");
    await changing.change(id, "rollback");
    const second = await listen(uri, { "last-event-id": last?.id ?? "" });
    const missed = [await second.next(), await second.next(), await second.next()];
    const ids = missed.map((event) => Number(event?.id) - Number(last?.id));
    expect(ids).toEqual([1, 2, 3]);
    expect(missed[0]).toEqual(next);
    await second.stop();
  });

  it("is an event stream that nobody on the way keeps back", async () => {
    const response = await open(await uriOf(owner), { origin: "https://shop.example" });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "access-control-allow-origin": "*",
    });
    await response.body?.cancel();
  });

  it("is not left open by HEAD", async () => {
    const asking = await newFlagOwner();
    const { status, body } = await open(await uriOf(asking), {}, "HEAD");
    expect({ status, body }).toEqual({ status: 200, body: null });
    expect(await env.FEED.getByName(asking.owner_id).openStreams()).toBe(0);
  });

  it("is opened by its token alone", async () => {
    const secret = env.KEY_CHECKSUM_SECRET;
    const now = Date.now();
    const good = await streamToken(owner.owner_id, now, secret);
    const [, until = "", signature = ""] = good.split(".");
    const later = Number(until) + 1;
    const wrong = [
      "x",
      owner.key,
      good.slice(0, -1),
      `${good}0`,
      good.toUpperCase(),
      `${newId("usr")}.${until}.${signature}`,
      `${owner.owner_id}.${later}.${signature}`,
      `${owner.owner_id}.${until}.${"0".repeat(64)}`,
      await streamToken(owner.owner_id, now, "another secret"),
      await streamToken(owner.owner_id, now - 2 * 3_600_000, secret),
    ];
    for (const token of wrong) {
      const response = await open(`/ofrep/v1/streams/${encodeURIComponent(token)}`);
      expect({ token, status: response.status }).toEqual({ token, status: 401 });
      expect(response.headers.get("content-type")).toBe("application/json");
      expect(await response.json()).toMatchObject({
        errorDetails: expect.stringContaining("token"),
      });
    }
    const hour = 3_600_000;
    const asked = Math.floor(now / hour) * hour - 1;
    const last = await open(
      `/ofrep/v1/streams/${await streamToken(owner.owner_id, asked, secret)}`,
    );
    expect(last.status).toBe(200);
    await last.body?.cancel();
  });

  it("opens nothing else", async () => {
    const token = await streamToken(owner.owner_id, Date.now(), env.KEY_CHECKSUM_SECRET);
    for (const headers of [{ authorization: `Bearer ${token}` }, { "x-api-key": token }])
      await refused("key_malformed", BULK, { json: user("u"), headers });
  });
});
