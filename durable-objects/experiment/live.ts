import type { LiveFrame } from "../../contract/experiment-live.ts";
import { summarise } from "../../domain/experiments/summary.ts";
import type { ExperimentCore } from "./experiment-core.ts";

const AT_MOST_EVERY_MS = 250;
const MOST_WATCHERS = 100;

/**
 * Who watches an experiment: sockets that survive hibernation. Each gets the present state when it
 * opens and after changes, at most four times a second.
 */
export class Live {
  readonly #ctx: DurableObjectState;
  readonly #core: ExperimentCore;
  #told_at = 0;
  #waiting = false;

  constructor(ctx: DurableObjectState, core: ExperimentCore) {
    this.#ctx = ctx;
    this.#core = core;
    // Answered without waking the actor.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  open(request: Request): Response {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket")
      return new Response(null, { status: 426 });
    if (!this.#core.store.find()) return new Response(null, { status: 404 });
    if (this.#ctx.getWebSockets().length >= MOST_WATCHERS)
      return new Response(null, { status: 429 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    server.send(JSON.stringify(this.#frame()));
    const asked = request.headers.get("sec-websocket-protocol")?.split(/,\s*/) ?? [];
    const headers: HeadersInit = asked.includes(LIVE_PROTOCOL)
      ? { "sec-websocket-protocol": LIVE_PROTOCOL }
      : {};
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  /** Any message but `ping` asks for the present state. */
  answer(socket: WebSocket): void {
    if (this.#core.store.find()) socket.send(JSON.stringify(this.#frame()));
  }

  /** The experiment has been deleted. */
  end(): void {
    for (const socket of this.#ctx.getWebSockets()) socket.close(1000, "deleted");
  }

  tell(): void {
    if (this.#waiting || this.#ctx.getWebSockets().length === 0) return;
    const wait = this.#told_at + AT_MOST_EVERY_MS - Date.now();
    if (wait <= 0) return this.#tellNow();
    this.#waiting = true;
    setTimeout(() => {
      this.#waiting = false;
      this.#tellNow();
    }, wait);
  }

  #tellNow(): void {
    this.#told_at = Date.now();
    if (!this.#core.store.find()) return;
    const frame = JSON.stringify(this.#frame());
    for (const socket of this.#ctx.getWebSockets()) {
      try {
        socket.send(frame);
      } catch {
        socket.close(1011, "gone");
      }
    }
  }

  #frame(): LiveFrame {
    const { definition, state } = this.#core.held();
    const step = this.#core.step();
    const last = this.#core.store.lastEvent();
    return {
      type: "experiment",
      at: new Date().toISOString(),
      ...summarise(definition, state, this.#core.cells()),
      ramp: step?.ramp ?? null,
      guardrails: step?.guard.verdicts ?? [],
      log_e_value: step?.guard.log_e_value ?? null,
      log_threshold: step?.guard.log_threshold ?? null,
      sample_ratio: step?.sample_ratio ?? null,
      last_event: last && { type: last.type, at: new Date(last.at).toISOString(), data: last.data },
    };
  }
}

export const LIVE_PROTOCOL = "linnet.live.v1";
