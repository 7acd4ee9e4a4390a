/**
 * What follows an opcode in the file: so many bytes, a line, two lines, or a length of so many
 * bytes and as many bytes as it says.
 */
export type Argument =
  { bytes: number } | { lines: 1 | 2 } | { length: 1 | 4 | 8; text?: boolean; signed?: boolean };

/** What an opcode does with the stack of the machine, as far as names of imports can come of it. */
export type Opcode = {
  name: string;
  /** The first protocol that has it. */
  protocol: number;
  argument: Argument;
  /** How many values it takes from the stack; "mark": all down to the last mark, and the mark. */
  takes: number | "mark";
  /** How many values it then puts there. */
  gives: number;
  /** Whether that value is the text of its argument. */
  text: boolean;
};

const NOTHING = { bytes: 0 } as const;
const LINE = { lines: 1 } as const;

type Row = [
  code: number,
  name: string,
  protocol: number,
  argument: Argument,
  takes: number | "mark",
  gives: number,
];

/**
 * The opcodes of protocols 0 to 5 (https://docs.python.org/3/library/pickletools.html and PEP 3154,
 * PEP 574). Those that do more than take and give values are named in `scan-pickle.ts`.
 */
const ROWS: Row[] = [
  [0x28, "MARK", 0, NOTHING, 0, 0],
  [0x2e, "STOP", 0, NOTHING, 1, 0],
  [0x30, "POP", 0, NOTHING, 0, 0],
  [0x31, "POP_MARK", 1, NOTHING, "mark", 0],
  [0x32, "DUP", 0, NOTHING, 0, 0],
  [0x46, "FLOAT", 0, LINE, 0, 1],
  [0x49, "INT", 0, LINE, 0, 1],
  [0x4a, "BININT", 1, { bytes: 4 }, 0, 1],
  [0x4b, "BININT1", 1, { bytes: 1 }, 0, 1],
  [0x4c, "LONG", 0, LINE, 0, 1],
  [0x4d, "BININT2", 1, { bytes: 2 }, 0, 1],
  [0x4e, "NONE", 0, NOTHING, 0, 1],
  [0x50, "PERSID", 0, LINE, 0, 1],
  [0x51, "BINPERSID", 1, NOTHING, 1, 1],
  [0x52, "REDUCE", 0, NOTHING, 2, 1],
  [0x53, "STRING", 0, LINE, 0, 1],
  [0x54, "BINSTRING", 1, { length: 4, text: true, signed: true }, 0, 1],
  [0x55, "SHORT_BINSTRING", 1, { length: 1, text: true }, 0, 1],
  [0x56, "UNICODE", 0, LINE, 0, 1],
  [0x58, "BINUNICODE", 1, { length: 4, text: true }, 0, 1],
  [0x61, "APPEND", 0, NOTHING, 1, 0],
  [0x62, "BUILD", 0, NOTHING, 1, 0],
  [0x63, "GLOBAL", 0, { lines: 2 }, 0, 1],
  [0x64, "DICT", 0, NOTHING, "mark", 1],
  [0x65, "APPENDS", 1, NOTHING, "mark", 0],
  [0x67, "GET", 0, LINE, 0, 0],
  [0x68, "BINGET", 1, { bytes: 1 }, 0, 0],
  [0x69, "INST", 0, { lines: 2 }, "mark", 1],
  [0x6a, "LONG_BINGET", 1, { bytes: 4 }, 0, 0],
  [0x6c, "LIST", 0, NOTHING, "mark", 1],
  [0x6f, "OBJ", 1, NOTHING, "mark", 1],
  [0x70, "PUT", 0, LINE, 0, 0],
  [0x71, "BINPUT", 1, { bytes: 1 }, 0, 0],
  [0x72, "LONG_BINPUT", 1, { bytes: 4 }, 0, 0],
  [0x73, "SETITEM", 0, NOTHING, 2, 0],
  [0x74, "TUPLE", 0, NOTHING, "mark", 1],
  [0x75, "SETITEMS", 1, NOTHING, "mark", 0],
  [0x7d, "EMPTY_DICT", 1, NOTHING, 0, 1],
  [0x29, "EMPTY_TUPLE", 1, NOTHING, 0, 1],
  [0x5d, "EMPTY_LIST", 1, NOTHING, 0, 1],
  [0x47, "BINFLOAT", 1, { bytes: 8 }, 0, 1],
  [0x80, "PROTO", 2, { bytes: 1 }, 0, 0],
  [0x81, "NEWOBJ", 2, NOTHING, 2, 1],
  [0x82, "EXT1", 2, { bytes: 1 }, 0, 1],
  [0x83, "EXT2", 2, { bytes: 2 }, 0, 1],
  [0x84, "EXT4", 2, { bytes: 4 }, 0, 1],
  [0x85, "TUPLE1", 2, NOTHING, 1, 1],
  [0x86, "TUPLE2", 2, NOTHING, 2, 1],
  [0x87, "TUPLE3", 2, NOTHING, 3, 1],
  [0x88, "NEWTRUE", 2, NOTHING, 0, 1],
  [0x89, "NEWFALSE", 2, NOTHING, 0, 1],
  [0x8a, "LONG1", 2, { length: 1 }, 0, 1],
  [0x8b, "LONG4", 2, { length: 4, signed: true }, 0, 1],
  [0x42, "BINBYTES", 3, { length: 4 }, 0, 1],
  [0x43, "SHORT_BINBYTES", 3, { length: 1 }, 0, 1],
  [0x8c, "SHORT_BINUNICODE", 4, { length: 1, text: true }, 0, 1],
  [0x8d, "BINUNICODE8", 4, { length: 8, text: true }, 0, 1],
  [0x8e, "BINBYTES8", 4, { length: 8 }, 0, 1],
  [0x8f, "EMPTY_SET", 4, NOTHING, 0, 1],
  [0x90, "ADDITEMS", 4, NOTHING, "mark", 0],
  [0x91, "FROZENSET", 4, NOTHING, "mark", 1],
  [0x92, "NEWOBJ_EX", 4, NOTHING, 3, 1],
  [0x93, "STACK_GLOBAL", 4, NOTHING, 2, 1],
  [0x94, "MEMOIZE", 4, NOTHING, 0, 0],
  [0x95, "FRAME", 4, { bytes: 8 }, 0, 0],
  [0x96, "BYTEARRAY8", 5, { length: 8 }, 0, 1],
  [0x97, "NEXT_BUFFER", 5, NOTHING, 0, 1],
  [0x98, "READONLY_BUFFER", 5, NOTHING, 0, 0],
];

/** Texts of a line, which their argument does not tell from numbers. */
const TEXTS = new Set(["UNICODE"]);

export const OPCODES: ReadonlyMap<number, Opcode> = new Map(
  ROWS.map(([code, name, protocol, argument, takes, gives]) => [
    code,
    { name, protocol, argument, takes, gives, text: TEXTS.has(name) || "text" in argument },
  ]),
);
