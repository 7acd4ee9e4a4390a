import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { datasets } from "../../../clients/sdk/index.ts";
import { datasetStandIn, sha256 } from "./dataset-stand-in.ts";
import { problem, type Received } from "./stand-in.ts";

const FILE = Uint8Array.from({ length: 300_000 }, (_, at) => (at * at) >> 7);
const contents = (received: Received[]) => received.filter(({ path }) => path.endsWith("content"));

async function platformWith(...given: Parameters<typeof datasetStandIn>) {
  const platform = await datasetStandIn(...given);
  platform.addVersion(FILE);
  return platform;
}
const sink = () => {
  const pieces: Uint8Array[] = [];
  return {
    write: (bytes: Uint8Array) => void pieces.push(bytes),
    hash: () => sha256(Buffer.concat(pieces)),
    length: () => Buffer.concat(pieces).length,
  };
};

describe("a download", () => {
  it("writes the file of the version that the name means now", async () => {
    const { client, received } = await platformWith();
    const { write, hash } = sink();
    const seen: [number, number][] = [];
    const onProgress = (done: number, total: number) => void seen.push([done, total]);
    const version = await datasets.download(client(), "bearings", "head", write, { onProgress });
    expect(version).toMatchObject({ version_number: 1, content_hash: sha256(FILE) });
    expect(hash()).toBe(sha256(FILE));
    expect(seen[0]).toEqual([0, FILE.length]);
    expect(seen.at(-1)).toEqual([FILE.length, FILE.length]);
    // By its id and number, so that a new head in the middle of it changes nothing.
    expect(received[1]?.path).toBe(`/v1/datasets/${version.dataset_id}/versions/1/content`);
    expect(received[1]?.headers.range).toBeUndefined();
  });

  it("goes on where the connection broke, again and again", async () => {
    const platform = await platformWith(({ path, headers }) => {
      if (!path.endsWith("content")) return undefined;
      const from = Number(/\d+/.exec(headers.range ?? "0")?.[0]);
      if (from > 200_000) return undefined;
      const end = FILE.length - 1;
      const range = { "content-range": `bytes ${from}-${end}/${FILE.length}` };
      return {
        status: from === 0 ? 200 : 206,
        headers: { ...(from > 0 && range), "content-length": String(FILE.length - from) },
        bytes: FILE.subarray(from),
        cutAfter: 70_000,
      };
    });
    const { write, hash } = sink();
    // Bytes in between are progress, and forgive what was before.
    await datasets.download(platform.client(), "bearings", 1, write, { retries: 1 });
    expect(hash()).toBe(sha256(FILE));
    const ranges = contents(platform.received).map(({ headers }) => headers.range);
    expect(ranges).toEqual([undefined, "bytes=70000-", "bytes=140000-", "bytes=210000-"]);
  });

  it("waits for a platform that is away for longer than other calls would", async () => {
    const platform = await platformWith();
    let refused = 0;
    // The first call is for the version, and has been answered before the platform goes.
    const away = async (url: string, init: RequestInit): Promise<Response> => {
      if (url.endsWith("content") && refused < 4) {
        refused += 1;
        throw new TypeError("fetch failed");
      }
      return fetch(url, init);
    };
    const { write, hash } = sink();
    await datasets.download(platform.client({ fetch: away }), "bearings", 1, write);
    expect([refused, hash()]).toEqual([4, sha256(FILE)]);
  });

  it("begins behind what is held, and checks that too", async () => {
    const { client, received } = await platformWith();
    const { write, length } = sink();
    const held = new Blob([FILE.subarray(0, 123_456)]).stream();
    const hash = createHash("sha256");
    await datasets.download(client(), "bearings", 1, write, { held, hash });
    expect(length()).toBe(FILE.length - 123_456);
    expect(contents(received)[0]?.headers.range).toBe("bytes=123456-");

    const wrong = new Blob([FILE.subarray(0, 123_456).toReversed()]).stream();
    await expect(
      datasets.download(client(), "bearings", 1, write, { held: wrong }),
    ).rejects.toMatchObject({
      code: "unexpected_answer",
      detail: expect.stringMatching(/SHA-256/),
    });
  });

  it("asks for nothing where all of it is held", async () => {
    const { client, received } = await platformWith();
    const { write, length } = sink();
    const held = new Blob([FILE]).stream();
    await datasets.download(client(), "bearings", 1, write, { held });
    expect(length()).toBe(0);
    expect(contents(received)).toEqual([]);
  });

  it("is refused when the bytes are not those of the version", async () => {
    const { client } = await platformWith(({ path }) =>
      path.endsWith("content") ? { bytes: FILE.slice().fill(7, 5, 6) } : undefined,
    );
    const { write } = sink();
    await expect(datasets.download(client(), "bearings", 1, write)).rejects.toMatchObject({
      code: "unexpected_answer",
    });
  });

  it("takes no answer to another range than it asked for", async () => {
    const { client } = await platformWith(({ path }) =>
      path.endsWith("content") ? { bytes: FILE } : undefined,
    );
    const { write, length } = sink();
    const held = new Blob([FILE.subarray(0, 10)]).stream();
    await expect(datasets.download(client(), "bearings", 1, write, { held })).rejects.toMatchObject(
      { code: "unexpected_answer", detail: expect.stringMatching(/from 10 on/) },
    );
    expect(length()).toBe(0);
  });

  it("gives up when it breaks off without a byte too often", async () => {
    const { client, received } = await platformWith(({ path }) =>
      path.endsWith("content")
        ? { headers: { "content-length": "9" }, bytes: FILE, cutAfter: 0 }
        : undefined,
    );
    const { write } = sink();
    await expect(
      datasets.download(client(), "bearings", 1, write, { retries: 1 }),
    ).rejects.toMatchObject({ code: "network", detail: expect.stringMatching(/broke off/) });
    expect(contents(received).length).toBeLessThanOrEqual(4);
  });

  it("is refused as the platform refuses it, and ends with its signal's reason", async () => {
    const { client } = await platformWith();
    const { write } = sink();
    await expect(datasets.download(client(), "bearings", 2, write)).rejects.toMatchObject({
      code: "dataset_version_not_found",
    });
    const stop = new AbortController();
    const reading = datasets.download(
      client(),
      "bearings",
      1,
      () => stop.abort(new Error("enough")),
      { signal: stop.signal, retries: 0 },
    );
    await expect(reading).rejects.toThrow("enough");
  });

  it("ends with what its writer throws", async () => {
    const { client } = await platformWith();
    const full = () => Promise.reject(new Error("the disk is full"));
    await expect(datasets.download(client(), "bearings", 1, full)).rejects.toThrow("disk is full");
  });
});

it("a refusal in the middle of a download is not tried again", async () => {
  let asked = 0;
  const platform = await platformWith(({ path }) => {
    if (!path.endsWith("content")) return undefined;
    asked += 1;
    if (asked > 1) return problem(404, "dataset_version_not_found");
    return {
      headers: { "content-length": String(FILE.length) },
      bytes: FILE,
      cutAfter: 50_000,
    };
  });
  const { write } = sink();
  await expect(datasets.download(platform.client(), "bearings", 1, write)).rejects.toMatchObject({
    code: "dataset_version_not_found",
  });
  expect(asked).toBe(2);
});
