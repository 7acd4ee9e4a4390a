const EVERY_MS = 20;
const MIB = 2 ** 20;

/** What the inspector tells of an isolate, in bytes. */
type HeapUsage = { usedSize: number; backingStorageSize?: number };

/** JavaScript objects and the bytes of ArrayBuffers together, with garbage that was not collected yet. */
export type IsolatePeak = {
  /** The most that was seen since the start or the last `forget`. */
  mib: number;
  looks: number;
};
export type IsolateMemory = {
  peak(): IsolatePeak;
  forget(): void;
  close(): void;
};

export const unseen = (): IsolatePeak => ({ mib: 0, looks: 0 });

/**
 * Asks workerd's inspector for the memory of one Worker's isolate again and again. It is answered
 * when the isolate waits for something, and so not while it computes; garbage cannot be collected
 * by it (workerd leaves `HeapProfiler.collectGarbage` unanswered).
 */
export async function watchIsolate(inspectorPort: number, worker: string): Promise<IsolateMemory> {
  const socket = new WebSocket(`ws://127.0.0.1:${inspectorPort}/core:user:${worker}`);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve(), { once: true });
    const refused = () => reject(new Error(`the inspector has no Worker ${worker}`));
    socket.addEventListener("error", refused, { once: true });
  });
  let peak = unseen();
  let asked = 0;
  let isAwaited = false;
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: HeapUsage };
    if (id !== asked) return;
    isAwaited = false;
    if (result === undefined) return;
    const mib = (result.usedSize + (result.backingStorageSize ?? 0)) / MIB;
    peak = { mib: Math.max(peak.mib, mib), looks: peak.looks + 1 };
  });
  const timer = setInterval(() => {
    if (isAwaited || socket.readyState !== WebSocket.OPEN) return;
    isAwaited = true;
    asked += 1;
    socket.send(JSON.stringify({ id: asked, method: "Runtime.getHeapUsage" }));
  }, EVERY_MS);
  return {
    peak: () => peak,
    forget: () => {
      peak = unseen();
    },
    close: () => {
      clearInterval(timer);
      socket.close();
    },
  };
}
