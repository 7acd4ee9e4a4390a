import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature as ServerSide } from "@openfeature/server-sdk";
import {
  ClientProviderEvents,
  type EventDetails,
  OpenFeature as ClientSide,
  type Provider,
} from "@openfeature/web-sdk";
import { EventSource } from "eventsource";
import { OFREPApi } from "ofrep-core-current";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type ExperimentView, experiments } from "../../clients/sdk/index.ts";
import { loadWdbc, MODEL } from "../../scripts/lib/wdbc.ts";
import { type RunningPlatform, runPlatform } from "./support/platform.ts";

// Node has no EventSource yet, and the provider for pages opens streams only where there is one.
Object.assign(globalThis, { EventSource });

let running: RunningPlatform;
beforeAll(async () => {
  running = await runPlatform();
  await loadWdbc(running.admin);
});
afterAll(() => running.stop());
afterEach(async () => {
  await ClientSide.clearProviders();
  await ServerSide.clearProviders();
});

let keys = 0;
/** A running experiment of two versions under a flag key of its own. */
async function newFlag() {
  const flag_key = `diagnosis-${keys++}`;
  const created = await experiments.create(running.admin, {
    name: flag_key,
    flag_key,
    variants: [
      { model: MODEL, version: 1, traffic_weight: "0.5", is_control: true },
      { model: MODEL, version: 2, traffic_weight: "0.5" },
    ],
  });
  await experiments.start(running.admin, created.id);
  return { flag_key, id: created.id, variants: created.variants };
}
const nameOf = ({ variants }: Pick<ExperimentView, "variants">, version: number) =>
  variants.find((variant) => variant.version === version)?.name;

const headers = (key = running.key): [string, string][] => [["authorization", `Bearer ${key}`]];
async function serverSide(key?: string) {
  const provider = new OFREPProvider({ baseUrl: running.url, headers: headers(key) });
  await ServerSide.setProviderAndWait(provider);
  return ServerSide.getClient();
}
async function clientSide(targetingKey: string) {
  await ClientSide.setContext({ targetingKey });
  const options = { baseUrl: running.url, headers: headers(), cacheMode: "disabled" as const };
  // Its types are not made for `exactOptionalPropertyTypes`.
  const provider = new OFREPWebProvider(options) as Provider;
  const client = ClientSide.getClient();
  await ClientSide.setProviderAndWait(provider);
  const changed = () =>
    new Promise<readonly string[]>((resolve) => {
      const heard = (details?: EventDetails<ClientProviderEvents>) => {
        client.removeHandler(ClientProviderEvents.ConfigurationChanged, heard);
        resolve((details as { flagsChanged?: string[] } | undefined)?.flagsChanged ?? []);
      };
      client.addHandler(ClientProviderEvents.ConfigurationChanged, heard);
    });
  return { client, changed };
}

/**
 * A flag that began within the last second may be missing from the first answer: then the stream
 * says so as soon as it opens.
 */
const has = (client: Awaited<ReturnType<typeof clientSide>>["client"], flag: string) =>
  expect.poll(() => client.getNumberDetails(flag, -1).reason, { timeout: 5_000 }).toBe("SPLIT");

describe("a service that uses the SDK for servers", () => {
  it("gets the version, the variant and why for each of its users", async () => {
    const flag = await newFlag();
    const client = await serverSide();
    const seen = new Set<number>();
    for (let user = 0; user < 20; user += 1) {
      const targetingKey = `patient-${user}`;
      const details = await client.getNumberDetails(flag.flag_key, 0, { targetingKey });
      expect(details).toMatchObject({
        flagKey: flag.flag_key,
        reason: "SPLIT",
        variant: nameOf(flag, details.value),
        flagMetadata: { experiment_id: flag.id, model: MODEL, linnet_reason: "assigned" },
      });
      expect(details.errorCode).toBeUndefined();
      seen.add(details.value);
    }
    expect(seen).toEqual(new Set([1, 2]));
  });

  it("gets its own default and the reason where there is nothing to get", async () => {
    const { flag_key } = await newFlag();
    const client = await serverSide();
    const user = { targetingKey: "patient" };
    const none = await client.getNumberDetails("none", -1, user);
    expect(none).toMatchObject({ value: -1, reason: "ERROR", errorCode: "FLAG_NOT_FOUND" });
    const nobody = await client.getNumberDetails(flag_key, -1, {});
    expect(nobody).toMatchObject({ value: -1, errorCode: "TARGETING_KEY_MISSING" });
    const text = await client.getStringDetails(flag_key, "code", user);
    expect(text).toMatchObject({ value: "code", errorCode: "TYPE_MISMATCH" });
    const wrong = await serverSide("sk_live_none");
    const refused = await wrong.getNumberDetails(flag_key, -1, user);
    expect(refused).toMatchObject({ value: -1, reason: "ERROR", errorCode: "GENERAL" });
  });

  it("gets its own default while the experiment is paused, and the control after a rollback", async () => {
    const { flag_key, id } = await newFlag();
    const client = await serverSide();
    const user = { targetingKey: "patient" };
    const value = () => client.getNumberValue(flag_key, -1, user);
    expect([1, 2]).toContain(await value());
    await experiments.pause(running.admin, id);
    await expect.poll(value, { timeout: 5_000 }).toBe(-1);
    // This provider is from before values may be missing, and takes it as an answer that it cannot read.
    expect(await client.getNumberDetails(flag_key, -1, user)).toMatchObject({
      reason: "ERROR",
      errorCode: "GENERAL",
    });
    await experiments.rollback(running.admin, id);
    await expect.poll(value, { timeout: 5_000 }).toBe(1);
    const details = await client.getNumberDetails(flag_key, -1, user);
    expect(details).toMatchObject({
      reason: "STATIC",
      flagMetadata: { linnet_reason: "rolled_back" },
    });
  });
});

describe("the newest core of the clients", () => {
  it("takes a flag without a value as the code's default, and not as a failure", async () => {
    const { flag_key, id } = await newFlag();
    await experiments.pause(running.admin, id);
    const api = new OFREPApi({ baseUrl: running.url, headers: headers() });
    const context = { targetingKey: "patient" };
    const asked = () => api.postEvaluateFlag(flag_key, { context });
    await expect
      .poll(async () => (await asked()).value, { timeout: 5_000 })
      .toMatchObject({ key: flag_key, reason: "DISABLED" });
    expect((await asked()).value).not.toHaveProperty("value");
  });

  it("is told with 304 that it has what there is", async () => {
    await newFlag();
    const api = new OFREPApi({ baseUrl: running.url, headers: headers() });
    const request = { context: { targetingKey: "patient" } };
    const first = await api.postBulkEvaluateFlags(request);
    const etag = first.httpResponse?.headers.get("etag") ?? null;
    expect(first.httpStatus).toBe(200);
    expect(await api.postBulkEvaluateFlags(request, etag)).toMatchObject({ httpStatus: 304 });
  });

  it("sends a key as it is, whatever characters it has", async () => {
    const api = new OFREPApi({ baseUrl: running.url, headers: headers() });
    for (const key of ["a/b", "a b", "é%2F", "?x=1"]) {
      const answer = await api.postEvaluateFlag(key, { context: { targetingKey: "patient" } });
      expect(answer).toMatchObject({
        httpStatus: 404,
        value: { key, errorCode: "FLAG_NOT_FOUND" },
      });
    }
  });
});

describe("a page that uses the SDK for browsers", () => {
  it("has every flag at hand, the same as a server gets them", async () => {
    const flags = [await newFlag(), await newFlag()];
    const { client } = await clientSide("patient-7");
    const server = await serverSide();
    for (const { flag_key } of flags) await has(client, flag_key);
    for (const { flag_key } of flags) {
      const { value, variant, reason, flagMetadata } = client.getNumberDetails(flag_key, -1);
      const asked = await server.getNumberDetails(flag_key, -1, { targetingKey: "patient-7" });
      expect(asked).toMatchObject({ value, variant, reason, flagMetadata });
    }
    expect(client.getNumberDetails("none", -1).errorCode).toBe("FLAG_NOT_FOUND");
  });

  it("hears of every change, and has the flags after it", async () => {
    const { flag_key, id } = await newFlag();
    const { client, changed } = await clientSide("patient-1");
    await has(client, flag_key);

    let next = changed();
    await experiments.pause(running.admin, id);
    expect(await next).toContain(flag_key);
    expect(client.getNumberDetails(flag_key, -1)).toMatchObject({ value: -1, reason: "DISABLED" });

    next = changed();
    await experiments.rollback(running.admin, id);
    expect(await next).toContain(flag_key);
    expect(client.getNumberDetails(flag_key, -1)).toMatchObject({ value: 1, reason: "STATIC" });
  });

  it("hears of a flag that begins", async () => {
    const { changed, client } = await clientSide("patient-1");
    const next = changed();
    const { flag_key } = await newFlag();
    expect(await next).toContain(flag_key);
    expect(client.getNumberDetails(flag_key, -1).reason).toBe("SPLIT");
  });

  it("comes back by itself when its stream is refused, as after the token's hour", async () => {
    const { flag_key, id } = await newFlag();
    let refused = 0;
    class RefusedOnce extends EventSource {
      constructor(url: string | URL) {
        super(refused++ === 0 ? String(url).slice(0, -1) : url);
      }
    }
    Object.assign(globalThis, { EventSource: RefusedOnce });
    const { client } = await clientSide("patient-1");
    await has(client, flag_key);
    await expect.poll(() => refused, { timeout: 5_000 }).toBe(2);
    Object.assign(globalThis, { EventSource });
    await experiments.rollback(running.admin, id);
    const reason = () => client.getNumberDetails(flag_key, -1).reason;
    await expect.poll(reason, { timeout: 5_000 }).toBe("STATIC");
  });

  it("gets other flags when its user becomes another", async () => {
    const { flag_key } = await newFlag();
    const { client } = await clientSide("patient-0");
    await has(client, flag_key);
    const server = await serverSide();
    for (let user = 0; user < 10; user += 1) {
      const targetingKey = `patient-${user}`;
      await ClientSide.setContext({ targetingKey });
      const asked = await server.getNumberValue(flag_key, -1, { targetingKey });
      expect(client.getNumberValue(flag_key, -1)).toBe(asked);
    }
  });
});

it("the log holds no token of a stream", () => {
  const opened = running.logs().filter((line) => line.includes("/ofrep/v1/streams/"));
  expect(opened.length).toBeGreaterThan(0);
  for (const line of opened) expect(line).not.toMatch(/streams\/usr_/);
});
