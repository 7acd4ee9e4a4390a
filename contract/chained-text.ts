import { canonicalJson } from "../domain/text/canonical-json.ts";

type ChainedEvent = {
  sequence: number;
  type: string;
  at: string;
  by: string;
  epoch: number;
  data: unknown;
};

/** The text whose SHA-256, in hex, is an event's `hash`; `at` is as the API writes it. */
export const chainedText = (previous: string | null, event: ChainedEvent): string => {
  const { sequence, type, at, by, epoch, data } = event;
  return canonicalJson({ previous, sequence, type, at, by, epoch, data });
};
