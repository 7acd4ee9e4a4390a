import { openToken, signToken } from "../keys/signed-token.ts";

const HOUR_MS = 3_600_000;
const DOMAIN = "ofrep-stream/1:";
const TEXT = /^(usr_[0-9a-z]{26})\.(\d{6,7})$/;

/**
 * What opens the stream of an owner's changes and nothing else, for those who cannot send a key:
 * `owner.hours.signature`. It is the same for all who ask in one hour, so that a client which
 * asks again keeps the stream it has, and is good for one to two hours.
 */
export const streamToken = (owner_id: string, now: number, secret: string): Promise<string> =>
  signToken(DOMAIN, `${owner_id}.${Math.floor(now / HOUR_MS) + 2}`, secret);

/** The owner whose stream the token opens at `now`; undefined where it opens none. */
export async function ownerOfToken(
  token: string,
  now: number,
  secret: string,
): Promise<string | undefined> {
  const text = await openToken(DOMAIN, token, secret);
  const [, owner_id, hours] = TEXT.exec(text ?? "") ?? [];
  return now < Number(hours) * HOUR_MS ? owner_id : undefined;
}
