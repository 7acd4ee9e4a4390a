import { DurableObject } from "cloudflare:workers";
import {
  CHANGES_KEPT,
  type FeedRefusal,
  type FlagChange,
  HEARTBEAT_MS,
  type NumberedChange,
  RECENT_MS,
  STREAM_LIFE_MS,
  STREAMS_MOST,
} from "../../contract/feed-lease.ts";
import { HEARTBEAT_FRAME, OPENING_FRAME, refetchFrame } from "../../domain/ofrep/event-frame.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { upgradeSchema } from "../shared/upgrade-schema.ts";
import { FeedStore } from "./feed-store.ts";
import { OpenStreams } from "./open-streams.ts";
import { SCHEMA } from "./schema.ts";

/**
 * What changed for the flags of one owner, and the streams of those who want to hear of it. The
 * changes survive an eviction; the streams do not: their clients come back with the last change
 * that they have seen.
 */
export class FeedActor extends DurableObject<Env> {
  readonly #store: FeedStore;
  readonly #streams = new OpenStreams(() => this.#stopBeating());
  #beating: ReturnType<typeof setInterval> | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    upgradeSchema(ctx.storage, SCHEMA);
    this.#store = new FeedStore(ctx.storage.sql);
  }

  /**
   * Tells every open stream of a change that has been committed. Repeating it changes nothing
   * while the change is kept, and after that makes clients ask once more.
   */
  publish(change: FlagChange): void {
    const numbered = this.#store.insert(change);
    if (!numbered) return;
    this.#store.keepLatest(CHANGES_KEPT);
    this.#streams.write(refetchFrame(numbered));
  }

  /** Oldest first; what is no longer kept is left out. */
  changes(after: number): NumberedChange[] {
    return this.#store.changesAfter(after);
  }

  /**
   * A stream of server-sent events: what is kept of the changes after the sequence `after`, then
   * every change as it comes. With null it begins with the latest change if that was recent, as
   * the flags that the client has may be of before it.
   */
  stream(after: number | null): Result<ReadableStream<Uint8Array>, FeedRefusal> {
    if (this.#streams.size >= STREAMS_MOST) {
      // Those whose readers have gone are noticed by this, so that the next to ask gets in.
      this.#streams.write(HEARTBEAT_FRAME);
      return fail({ code: "streams_too_many", most: STREAMS_MOST });
    }
    const now = Date.now();
    const missed =
      after === null ? this.#latestSince(now - RECENT_MS) : this.#store.changesAfter(after);
    this.#beating ??= setInterval(() => this.#beat(), HEARTBEAT_MS);
    return ok(this.#streams.add(OPENING_FRAME + missed.map(refetchFrame).join(""), now));
  }

  openStreams(): number {
    return this.#streams.size;
  }

  #latestSince(at: number): NumberedChange[] {
    const latest = this.#store.latestSince(at);
    return latest ? [latest] : [];
  }

  #beat(): void {
    this.#streams.endThoseBefore(Date.now() - STREAM_LIFE_MS);
    this.#streams.write(HEARTBEAT_FRAME);
  }

  #stopBeating(): void {
    clearInterval(this.#beating);
    this.#beating = null;
  }
}
