import { formatId, type IdPrefix } from "../../../domain/ids.ts";

let serial = 0;

/** A fresh id of this test file, the same in every run: names of actors decide who gets what. */
export function serialId<P extends IdPrefix>(prefix: P): `${P}_${string}` {
  const bytes = new Uint8Array(16);
  serial += 1;
  new DataView(bytes.buffer).setUint32(12, serial);
  return formatId(prefix, bytes);
}
