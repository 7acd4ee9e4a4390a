import { Cursor } from "./cursor.ts";
import { damaged, tooLarge, unsupported } from "./hdf5-fault.ts";
import type { Storage } from "./storage.ts";

/** The messages that are read here, by the numbers of section IV.A.2. */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFillValue: 0x04,
  fillValue: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

const LARGEST = 16 * 2 ** 20;

export type Message = {
  type: number;
  bytes: Uint8Array;
  /** The bytes say only where the message lies. */
  shared: boolean;
};

/** All messages of an object, those of its continuations included (sections IV.A.1 and IV.A.2.q). */
export async function readObjectHeader(file: Storage, address: number): Promise<Message[]> {
  const what = `the object header at ${address}`;
  const first = (await file.read(address, 4, what)).bytes;
  const isNew = String.fromCharCode(...first) === "OHDR";
  if (!isNew && first[0] !== 1) throw damaged(`there is no object header at ${address}`);
  const blocks = isNew
    ? await firstNewBlock(file, address, what)
    : await firstOldBlock(file, address, what);
  const messages: Message[] = [];
  const seen = new Set<number>();
  let total = 0;
  for (const block of blocks.list) {
    total += block.left;
    if (total > LARGEST) throw tooLarge(`${what} takes more than ${LARGEST} bytes`);
    for (const message of blocks.read(block)) {
      if (message.type !== MESSAGE.continuation) messages.push(message);
      else {
        const at = new Cursor(message.bytes, `a continuation of ${what}`);
        const next = at.uint(file.offsetSize);
        if (seen.has(next)) throw damaged(`${what} is continued at ${next} twice`);
        seen.add(next);
        blocks.list.push(await blocks.continued(next, at.uint(file.lengthSize)));
      }
    }
  }
  return messages;
}

type Blocks = {
  /** Grows while it is read. */
  list: Cursor[];
  read(block: Cursor): Iterable<Message>;
  continued(address: number, length: number): Promise<Cursor>;
};

async function firstOldBlock(file: Storage, address: number, what: string): Promise<Blocks> {
  const head = await file.read(address, 16, what);
  let left = head.skip(2).uint(2);
  const size = head.skip(4).uint(4);
  return {
    list: [await file.read(address + 16, size, what)],
    continued: (next, length) => file.read(next, length, what),
    *read(block) {
      for (; left > 0 && block.left >= 8; left--) {
        const [type, length, flags] = [block.uint(2), block.uint(2), block.uint(1)];
        const bytes = block.skip(3).take(length);
        yield { type, bytes, shared: (flags & 2) !== 0 };
      }
    },
  };
}

async function firstNewBlock(file: Storage, address: number, what: string): Promise<Blocks> {
  const head = await file.read(address, Math.min(64, file.size - address), what);
  const version = head.skip(4).uint(1);
  if (version !== 2) throw damaged(`${what} has the version ${version}`);
  const flags = head.uint(1);
  head.skip(((flags & 0x20) === 0 ? 0 : 16) + ((flags & 0x10) === 0 ? 0 : 4));
  const size = head.uint(2 ** (flags & 3));
  const start = head.at;
  const whole = await file.readSummed(address, start + size + 4, what);
  const ordered = (flags & 4) !== 0;
  return {
    list: [whole.skip(start)],
    async continued(next, length) {
      return (await file.readSummed(next, length, what)).signature("OCHK");
    },
    *read(block) {
      const headSize = ordered ? 6 : 4;
      while (block.left >= headSize) {
        const [type, length, messageFlags] = [block.uint(1), block.uint(2), block.uint(1)];
        if (ordered) block.skip(2);
        yield { type, bytes: block.take(length), shared: (messageFlags & 2) !== 0 };
      }
    },
  };
}

/** The bytes of a message, wherever they lie: a datatype that has a name is an object of its own. */
export async function resolveMessage(file: Storage, message: Message): Promise<Uint8Array> {
  return message.shared ? readShared(file, message.bytes, message.type) : message.bytes;
}

/** What a shared message points to (section IV.A.2, "Shared Message"). */
export async function readShared(
  file: Storage,
  bytes: Uint8Array,
  type: number,
): Promise<Uint8Array> {
  const cursor = new Cursor(bytes, "a shared message");
  const version = cursor.uint(1);
  const kind = cursor.uint(1);
  if (version === 3 && kind === 1)
    throw unsupported("a heap of shared messages", "write the file without them");
  if (version === 1) cursor.skip(6);
  const messages = await readObjectHeader(file, cursor.uint(file.offsetSize));
  const found = messages.find((message) => message.type === type);
  if (found === undefined || found.shared)
    throw damaged("a shared message is not where it should be");
  return found.bytes;
}
