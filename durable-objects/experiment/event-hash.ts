import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { chainedText } from "../../contract/chained-text.ts";
import type { ExperimentEvent } from "../../contract/experiment-lease.ts";

/** In one turn, as the event is appended in a transaction: WebCrypto would make it wait. */
export const hashEvent = (
  previous: string | null,
  event: Omit<ExperimentEvent, "hash">,
): string => {
  const at = new Date(event.at).toISOString();
  return bytesToHex(sha256(utf8ToBytes(chainedText(previous, { ...event, at }))));
};
