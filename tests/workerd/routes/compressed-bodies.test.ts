import { beforeAll, describe, expect, it } from "vitest";
import type { OpenLineageAnswer } from "../../../contract/openlineage.ts";
import type { RunView } from "../../../contract/run.ts";
import { runIdOf } from "../../../domain/lineage/openlineage/run-uuid.ts";
import { inflatedRequest } from "../../../workers/api/http/inflate-request.ts";
import { inChunks, newKey, ORIGIN, refused, succeeds } from "../support/platform.ts";

const LARGEST_BODY = 10 * 1024 * 1024;
const TAKE = "POST /api/v1/lineage";
const RUN = "0c6a2b4e-7d1f-4f3a-9b65-2f8e1d3c5a79";
const EVENT = {
  eventTime: "2026-11-21T09:30:00Z",
  eventType: "START",
  producer: "https://example.com/scheduler",
  schemaURL: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
  run: { runId: RUN },
  job: { namespace: "nightly", name: "load" },
};
const text = JSON.stringify(EVENT);
const utf8 = (content: string) => new TextEncoder().encode(content);

const gzip = async (content: Uint8Array): Promise<Uint8Array> => {
  const compressed = new Response(content).body?.pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
};
/** RFC 1952, section 2.2: members one after another are a file of what they hold together. */
const repeated = (member: Uint8Array, times: number): Uint8Array => {
  const whole = new Uint8Array(member.length * times);
  for (let at = 0; at < times; at++) whole.set(member, at * member.length);
  return whole;
};
/** JSON that takes this many bytes, most of them spaces. */
const padded = (length: number): Uint8Array => {
  const whole = new Uint8Array(length).fill(32);
  whole.set(utf8(text));
  return whole;
};

let key = "";
beforeAll(async () => {
  ({ key } = await newKey());
});
const as = (coding: string, body: BodyInit) => ({
  key,
  body,
  headers: { "content-encoding": coding },
});

describe("a body of gzip", () => {
  it.each(["gzip", "GZIP", "x-gzip", " gzip "])(
    "is taken as the JSON in it, as %j",
    async (coding) => {
      const told = { ...EVENT, job: { ...EVENT.job, name: `load ${coding}` } };
      const run = { runId: crypto.randomUUID() };
      const body = await gzip(utf8(JSON.stringify({ ...told, run })));
      const taken = await succeeds<OpenLineageAnswer>(200, TAKE, as(coding, body));
      expect(taken.summary).toMatchObject({ received: 1, successful: 1 });
      const view = await succeeds<RunView>(200, `GET /v1/runs/${runIdOf(run.runId)}`, { key });
      expect(view.job).toEqual(told.job);
    },
  );

  it("is from then on a body like any other", async () => {
    const headers = { "content-encoding": "gzip", "x-request-id": "mine" };
    const sent = { method: "POST", headers, body: await gzip(utf8(text)) };
    const request = new Request(`${ORIGIN}/v1/runs?a=b`, sent);
    const plain = request.body && (await inflatedRequest(request, request.body, LARGEST_BODY));
    expect(plain).toMatchObject({ url: request.url, method: "POST" });
    expect([...(plain?.headers ?? [])].sort()).toEqual([
      ["content-length", String(text.length)],
      ["x-request-id", "mine"],
    ]);
    expect(await plain?.text()).toBe(text);
  });

  it("is taken by every operation that takes JSON", async () => {
    const body = await gzip(utf8('{"name":"bearings"}'));
    expect(await succeeds(201, "POST /v1/runs", as("gzip", body))).toMatchObject({
      name: "bearings",
    });
  });

  it("may hold as much as a plain one, whether its length is known or not", async () => {
    const full = await gzip(padded(LARGEST_BODY));
    await succeeds(200, TAKE, as("gzip", full));
    await succeeds(200, TAKE, as("gzip", inChunks(full)));
    await refused("body_too_large", TAKE, as("gzip", await gzip(padded(LARGEST_BODY + 1))));
  });

  it("is not inflated further than that, however little it takes", async () => {
    const bomb = repeated(await gzip(new Uint8Array(16 * 1024 * 1024)), 256);
    expect(bomb.length).toBeLessThan(LARGEST_BODY / 2);
    await refused("body_too_large", TAKE, as("gzip", bomb));
    await refused("body_too_large", TAKE, as("gzip", inChunks(bomb)));
  });

  it("may itself take no more than that, even where it holds nothing", async () => {
    const nothing = await gzip(new Uint8Array());
    const long = repeated(nothing, Math.ceil((LARGEST_BODY + 1) / nothing.length));
    await refused("body_too_large", TAKE, as("gzip", long));
    await refused("body_too_large", TAKE, as("gzip", inChunks(long)));
  });

  it("that is none, is cut off or damaged is refused as what it is", async () => {
    const whole = await gzip(utf8(text));
    const damaged = whole.with(whole.length - 6, (whole.at(-6) ?? 0) ^ 1);
    const faulty = [utf8(text), utf8(""), whole.slice(0, -9), whole.slice(0, 5), damaged];
    for (const body of faulty) {
      const { body: problem } = await refused("invalid_request", TAKE, as("gzip", body));
      expect(problem.detail).toContain("gzip");
    }
    await refused("invalid_request", TAKE, as("gzip", await gzip(utf8('{"a":'))));
  });
});

describe("a body of another coding", () => {
  it("is taken as it is where that is identity", async () => {
    await succeeds(200, TAKE, as("identity", text));
    await succeeds(200, TAKE, as("", text));
  });

  it.each(["br", "deflate", "zstd", "gzip, gzip", "gzip, identity", "none"])(
    "is refused with what is taken, as %s",
    async (coding) => {
      const answer = await refused("content_type_unsupported", TAKE, as(coding, text));
      expect(answer.headers.get("accept-encoding")).toBe("gzip");
      expect(answer.body.detail).toContain(`found content-encoding ${coding}`);
    },
  );

  it("is refused for a file, which is kept byte for byte", async () => {
    const sent = as("gzip", await gzip(utf8("a,b\n1,2\n")));
    const headers = { ...sent.headers, "content-type": "application/octet-stream" };
    const answer = await refused("content_type_unsupported", "PUT /v1/datasets/none/versions", {
      ...sent,
      headers,
    });
    expect(answer.headers.get("accept-encoding")).toBe("identity");
  });
});
