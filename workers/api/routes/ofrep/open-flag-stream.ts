import type { Context } from "hono";
import type { FeedRefusal } from "../../../../contract/feed-lease.ts";
import { sequenceOf } from "../../../../domain/ofrep/event-frame.ts";
import type { Result } from "../../../../domain/result.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { type AppEnv, operation } from "../../http/app-env.ts";
import { ApiProblem } from "../../http/problem.ts";
import { ownerOfToken } from "../../ofrep/stream-token.ts";

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/**
 * `GET /ofrep/v1/streams/{token}`: server-sent events that tell a client to evaluate its flags
 * again. Its address is part of the answer to a bulk evaluation and of no other document; the
 * token in it stands in for a key, which an EventSource cannot send.
 */
export const openFlagStream = operation();
openFlagStream.get("/ofrep/v1/streams/:token", async (c: Context<AppEnv>) => {
  // The log keeps the path of a request, and here the path opens the stream.
  c.get("logged")["path"] = "/ofrep/v1/streams/…";
  const token = c.req.param("token") ?? "";
  const owner = await ownerOfToken(token, Date.now(), c.env.KEY_CHECKSUM_SECRET);
  if (owner === undefined)
    throw new ApiProblem(
      "key_rejected",
      "the stream's token is not valid or has expired; evaluate all flags to get another",
    );
  const after = sequenceOf(c.req.header("last-event-id") ?? null);
  const answer: Result<ReadableStream<Uint8Array>, FeedRefusal> = await callActor(
    () => c.env.FEED.getByName(owner),
    (feed) => feed.stream(after),
  );
  if (!answer.ok)
    throw new ApiProblem(
      answer.error.code,
      `${answer.error.most} streams of yours are open; close some or try again`,
      {},
      { "retry-after": "60" },
    );
  return c.body(answer.value, 200, HEADERS);
});
