import { describe, expect, it } from "vitest";
import { aliases, versions } from "../../../clients/sdk/index.ts";
import { problem, standIn } from "./stand-in.ts";

const SIZE = 300_000;
const bytes = () => new Uint8Array(SIZE).fill(120);
const version = { version: 3, size_bytes: SIZE };
const progress = () => {
  const seen: number[] = [];
  return { seen, onProgress: (sent: number, total: number) => seen.push(sent / total) };
};

describe("an upload", () => {
  it.each([
    ["bytes", bytes, false],
    ["bytes with progress", bytes, true],
    ["a blob", () => new Blob([bytes()]), false],
    ["a blob with progress", () => new Blob([bytes()]), true],
    ["a stream", () => ({ stream: new Blob([bytes()]).stream(), size: SIZE }), true],
  ])("of %s says its length and comes whole", async (_, source, watched) => {
    const { client, received } = await standIn(() => ({ status: 201, json: version }));
    const { seen, onProgress } = progress();
    const options = { description: "new & better", ...(watched ? { onProgress } : {}) };
    const uploaded = await versions.upload(client(), "wdbc", source(), options);
    expect(uploaded).toEqual({ ...version, created: true });
    expect(received[0]).toMatchObject({
      method: "PUT",
      path: "/v1/models/wdbc/versions",
      query: { description: "new & better" },
      headers: { "content-type": "application/octet-stream", "content-length": String(SIZE) },
      body: "x".repeat(SIZE),
    });
    expect(received[0]?.headers["transfer-encoding"]).toBeUndefined();
    if (!watched) return;
    expect(seen[0]).toBe(0);
    expect(seen.at(-1)).toBe(1);
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it("tells when the bytes are known", async () => {
    const { client } = await standIn(() => ({ status: 200, json: version }));
    expect(await versions.upload(client(), "wdbc", bytes())).toMatchObject({ created: false });
  });

  it("begins again from the first byte", async () => {
    const { client, received } = await standIn((_, index) =>
      index === 0 ? problem(503, "unavailable") : { json: version },
    );
    const { seen, onProgress } = progress();
    await versions.upload(client(), "wdbc", bytes(), { onProgress });
    expect(received.map(({ body }) => body.length)).toEqual([SIZE, SIZE]);
    expect(seen.filter((share) => share === 0)).toHaveLength(2);
  });

  it("sends a stream once: it cannot be read again", async () => {
    const { client, received } = await standIn(() => problem(503, "unavailable"));
    const source = { stream: new Blob([bytes()]).stream(), size: SIZE };
    await expect(versions.upload(client(), "wdbc", source)).rejects.toMatchObject({
      code: "unavailable",
    });
    expect(received).toHaveLength(1);
  });

  it("fails when a stream is not as long as it was said to be", async () => {
    const { client } = await standIn(() => ({ json: version }));
    const source = { stream: new Blob([bytes()]).stream(), size: SIZE + 1 };
    await expect(versions.upload(client(), "wdbc", source)).rejects.toMatchObject({
      code: "network",
    });
  });
});

it("downloads as the bytes come", async () => {
  const { client, received } = await standIn(() => ({ headers: { etag: '"abc"' }, text: "onnx" }));
  const response = await versions.download(client(), "wdbc", 3);
  expect(received[0]?.path).toBe("/v1/models/wdbc/versions/3/content");
  expect(response.headers.get("etag")).toBe('"abc"');
  expect(await response.text()).toBe("onnx");
});

it("repeats the move of an alias unless it is a compare-and-set", async () => {
  const { client, received } = await standIn(() => problem(503, "unavailable"));
  const move = (to: Parameters<typeof aliases.move>[3]) =>
    expect(aliases.move(client({ retries: 1 }), "wdbc", "champion", to)).rejects.toThrow();
  await move({ version: 2 });
  expect(received).toHaveLength(2);
  await move({ version: 2, expected_version: 1 });
  expect(received).toHaveLength(3);
});
