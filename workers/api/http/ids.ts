import { uuidv7obj } from "uuidv7";
import { encodeBase32, formatId, type IdPrefix } from "../../../domain/ids.ts";

export const newId = <P extends IdPrefix>(prefix: P): `${P}_${string}` =>
  formatId(prefix, uuidv7obj().bytes);

/** 160 random bits as 32 characters. */
export const newSecret = (): string => encodeBase32(crypto.getRandomValues(new Uint8Array(20)), 32);
