import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
  type Download,
  readDownload,
  signDownload,
} from "../../../workers/api/datasets/download-token.ts";
import { EXPORT_FORMATS } from "../../../domain/datasets/formats/format-names.ts";
import { operation } from "../../../workers/api/http/app-env.ts";
import { askedBytes } from "../../../workers/api/http/byte-range.ts";
import { newId } from "../../../workers/api/http/ids.ts";
import { onError } from "../../../workers/api/http/problem.ts";
import { traced } from "../../../workers/api/http/trace.ts";
import { signToken } from "../../../workers/api/keys/signed-token.ts";
import { streamToken } from "../../../workers/api/ofrep/stream-token.ts";

const SECRET = "a secret";
const NOW = Date.parse("2026-11-21T09:30:00.000Z");
const WEEK_MS = 7 * 86_400_000;
const download = (changes: Partial<Download> = {}): Download => ({
  dataset_id: newId("dat"),
  version_number: 12,
  format: null,
  granted_by: newId("usr"),
  expires_at: NOW + WEEK_MS,
  ...changes,
});
const FORGED = { ok: false, error: "forged" };
const EXPIRED = { ok: false, error: "expired" };

describe("a link to a file of a dataset", () => {
  it.each([null, ...EXPORT_FORMATS])("says what it opens, as %s", async (format) => {
    const granted = download({ format });
    const token = await signDownload(granted, SECRET);
    expect(await readDownload(token, NOW, SECRET)).toEqual({ ok: true, value: granted });
    expect(token).toMatch(/^[\w.]+$/);
  });

  it("is good until the second in which it expires", async () => {
    const token = await signDownload(download({ expires_at: NOW + 1_999 }), SECRET);
    expect(await readDownload(token, NOW + 999, SECRET)).toMatchObject({ ok: true });
    expect(await readDownload(token, NOW + 1_000, SECRET)).toEqual(EXPIRED);
    expect(await readDownload(token, NOW + WEEK_MS, SECRET)).toEqual(EXPIRED);
  });

  it("opens nothing once anything of it is changed", async () => {
    const granted = download({ format: "csv" });
    const token = await signDownload(granted, SECRET);
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === "1" ? "2" : "1";
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      expect(await readDownload(changed, NOW, SECRET), changed).toEqual(FORGED);
      expect(await readDownload(token.slice(0, at), NOW, SECRET)).toEqual(FORGED);
    }
    for (const wrong of [`${token}0`, `0${token}`, token.toUpperCase(), `${token}\n`, ` ${token}`])
      expect(await readDownload(wrong, NOW, SECRET), wrong).toEqual(FORGED);
    // An old one is not told from an invented one by its time alone.
    const [head = "", signature = ""] = token.split(/\.(?=[0-9a-f]{64}$)/);
    const old = `${head.replace(/\d+$/, "1")}.${signature}`;
    expect(await readDownload(old, NOW, SECRET)).toEqual(FORGED);
  });

  it("is of this platform, and of nothing else that it signs", async () => {
    const granted = download();
    const token = await signDownload(granted, "another secret");
    expect(await readDownload(token, NOW, SECRET)).toEqual(FORGED);
    expect(
      await readDownload(await streamToken(granted.granted_by, NOW, SECRET), NOW, SECRET),
    ).toEqual(FORGED);
    const text = (await signDownload(granted, SECRET)).replace(/\.\w+$/, "");
    const elsewhere = await signToken("elsewhere/1:", text, SECRET);
    expect(await readDownload(elsewhere, NOW, SECRET)).toEqual(FORGED);
  });

  it("needs a secret", async () => {
    await expect(signDownload(download(), "")).rejects.toThrow("KEY_CHECKSUM_SECRET");
    const token = await signDownload(download(), SECRET);
    await expect(readDownload(token, NOW, "")).rejects.toThrow("KEY_CHECKSUM_SECRET");
  });
});

describe("a download of a part", () => {
  const BYTES = "the bytes of a file";
  const ETAG = '"sha"';
  const app = operation();
  app.use(traced);
  app.onError(onError);
  app.get("/file", (c) => {
    const { from, to, status, headers } = askedBytes(c, { size: BYTES.length, etag: ETAG });
    return c.body(BYTES.slice(from, to), status, headers);
  });
  const ask = async (headers: Record<string, string>, method = "GET") => {
    const request = new Request("https://linnet.test/file", { method, headers });
    const response = await app.fetch(request, env, createExecutionContext());
    const named = (name: string) => response.headers.get(name);
    expect(named("accept-ranges")).toBe("bytes");
    return { status: response.status, named, text: await response.text() };
  };

  it("is answered with the bytes and where they lie", async () => {
    const { status, named, text } = await ask({ range: "bytes=4-8", "if-range": ETAG });
    expect({ status, text }).toEqual({ status: 206, text: "bytes" });
    expect(named("content-range")).toBe("bytes 4-8/19");
    expect(named("content-length")).toBe("5");
    expect(named("etag")).toBe(ETAG);
  });

  it("is answered with all where no part is asked for, or the file is another", async () => {
    const asked: Record<string, string>[] = [
      {},
      { range: "bytes=0-1,3-4" },
      { range: "bytes=0-1", "if-range": '"other"' },
    ];
    for (const headers of asked) {
      const { status, named, text } = await ask(headers);
      expect({ status, text }).toEqual({ status: 200, text: BYTES });
      expect(named("content-range")).toBeNull();
      expect(named("content-length")).toBe("19");
    }
    // A range means something for GET alone.
    expect(await ask({ range: "bytes=0-1" }, "HEAD")).toMatchObject({ status: 200, text: "" });
  });

  it("beyond the file is a problem that says how long it is", async () => {
    const { status, named, text } = await ask({ range: "bytes=19-" });
    expect(status).toBe(416);
    expect(named("content-range")).toBe("bytes */19");
    expect(JSON.parse(text)).toMatchObject({ code: "range_unsatisfiable", size_bytes: 19 });
  });
});
