import { hex } from "./hex.ts";

/** 128 random bits; `crypto.randomUUID` is missing on pages that are not served over HTTPS. */
export const randomId = (prefix: string): string =>
  `${prefix}_${hex(crypto.getRandomValues(new Uint8Array(16)))}`;
