import { BoundedMap as Deployed } from "../../../../workers/api/leases/bounded-map.ts";

const made: Map<unknown, unknown>[] = [];

/** The deployed map, which the end of an isolate empties. */
export class BoundedMap<K, V> extends Deployed<K, V> {
  constructor(capacity: number) {
    super(capacity);
    made.push(this);
  }
}

/** The maps that were made since this was asked last. */
export const mapsMade = (): Map<unknown, unknown>[] => made.splice(0);
