/** Where the nodes of a graph run, once ONNX Runtime has rewritten it. */
export type Placements = {
  /** How many nodes run on the device. */
  device: number;
  /** The operators that run beside it, one entry a node. */
  host: string[];
  /** How often a value is fetched from the device while the graph runs: each time everything waits for it. */
  fetches: number;
};

const GROUP = /(?:All nodes|Node\(s\)) placed on \[(\w+)\]\. Number of nodes: (\d+)/u;
const NODE = /VerifyEachNodeIsAssignedToAnEp\] +(\w+) \(/u;

/** Reads the placements from what ONNX Runtime says at severity 0 while it makes a session. */
export function placementsOf(log: string): Placements {
  const placements: Placements = { device: 0, host: [], fetches: 0 };
  let groups = 0;
  let isHost = false;
  for (const line of log.split("\n")) {
    const [, provider, count = "0"] = GROUP.exec(line) ?? [];
    if (provider !== undefined) {
      groups += 1;
      isHost = provider === "CPUExecutionProvider";
      if (!isHost) placements.device += Number(count);
      else if (line.includes("All nodes")) placements.host.push(`all ${count} nodes`);
      continue;
    }
    const [, operator] = NODE.exec(line) ?? [];
    if (operator === undefined) continue;
    if (isHost) placements.host.push(operator);
    if (operator === "MemcpyToHost") placements.fetches += 1;
  }
  if (groups === 0) throw new Error("ONNX Runtime has not said where nodes run");
  return placements;
}
