import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import { OPCODES, type Opcode } from "./opcodes.ts";
import { type Arguments, PickleInput } from "./pickle-input.ts";
import { malformed, PickleMachine, type Value } from "./pickle-machine.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

const MOST_IMPORTS = 1000;
const MOST_PICKLES = 10_000;
const HIGHEST_PROTOCOL = 5;

/** A name that loading the pickle would import, and could call. */
export type PickleImport = { module: string; name: string; verdict: Verdict };

export type PickleScan = {
  /** The highest that was declared or, where none was, used. */
  protocol: number;
  /** Each once, in the order of the file. */
  imports: PickleImport[];
  warnings: string[];
};

/**
 * What loading a pickle would import, found by following its opcodes; nothing is imported, made or
 * called. A name that is put together in a way that cannot be followed counts as dangerous. Reads
 * forward, all pickles that follow each other. Throws a DatasetFault `file_invalid` for a file that
 * is none or is truncated.
 */
export async function scanPickle(source: ByteSource): Promise<PickleScan> {
  const input = new PickleInput(source);
  const findings = new Findings();
  await scanOne(input, findings);
  for (let pickles = 1; input.left > 0; pickles++) {
    const end = input.position;
    try {
      if (pickles >= MOST_PICKLES) throw malformed("goes on for too long");
      await scanOne(input, findings);
    } catch (error) {
      if (!(error instanceof DatasetFault)) throw error;
      findings.warn(
        `what follows byte ${end}, the end of a pickle, is no pickle and was not looked at`,
      );
      break;
    }
  }
  return findings.scan;
}

class Findings {
  readonly scan: PickleScan = { protocol: 0, imports: [], warnings: [] };
  readonly #seen = new Set<string>();

  import(module: Value, name: Value): void {
    if (module === null || name === null) {
      this.#add({ module: "?", name: "?", verdict: "dangerous" });
      this.warn("a name is imported that is put together while loading, so that it cannot be told");
    } else this.#add({ module, name, verdict: verdictOf(module, name) });
  }

  warn(warning: string): void {
    const { warnings } = this.scan;
    if (!warnings.includes(warning) && warnings.length < 100) warnings.push(warning);
  }

  #add(found: PickleImport): void {
    const key = JSON.stringify([found.module, found.name]);
    if (this.#seen.has(key)) return;
    if (this.#seen.size >= MOST_IMPORTS)
      throw new DatasetFault(
        "file_too_large",
        `the pickle imports more than ${MOST_IMPORTS} names`,
      );
    this.#seen.add(key);
    this.scan.imports.push(found);
  }
}

async function scanOne(input: PickleInput, findings: Findings): Promise<void> {
  const machine = new PickleMachine();
  for (;;) {
    let code = input.opcode();
    for (; code === undefined; code = input.opcode()) await input.arrive();
    const opcode = OPCODES.get(code);
    if (!opcode) throw malformed(`has ${code} at byte ${input.position - 1}, which is no opcode`);
    let given = input.arguments(opcode.argument);
    for (; given === undefined; given = input.arguments(opcode.argument)) await input.arrive();
    findings.scan.protocol = Math.max(findings.scan.protocol, opcode.protocol);
    if (opcode.name === "STOP") {
      machine.pop();
      return;
    }
    step(opcode, given, machine, findings);
  }
}

function step(opcode: Opcode, given: Arguments, machine: PickleMachine, findings: Findings): void {
  const [first = null, second = null] = given.texts;
  switch (opcode.name) {
    case "PROTO":
      return checkProtocol(given.number, findings);
    case "MARK":
      return machine.mark();
    case "POP":
      return machine.popAny();
    case "DUP":
      return machine.duplicate();
    case "PUT":
    case "BINPUT":
    case "LONG_BINPUT":
      return machine.remember(given.number);
    case "MEMOIZE":
      return machine.memoize();
    case "GET":
    case "BINGET":
    case "LONG_BINGET":
      return machine.recall(given.number);
    case "STRING":
      return machine.push(unquoted(first));
    case "GLOBAL":
    case "INST":
      findings.import(first, second);
      break;
    case "STACK_GLOBAL": {
      const name = machine.pop();
      findings.import(machine.pop(), name);
      return machine.push(null);
    }
    case "EXT1":
    case "EXT2":
    case "EXT4":
      findings.import("copyreg", `extension ${given.number}`);
      break;
    case "PERSID":
    case "BINPERSID":
      findings.warn("it refers to objects outside of the file by persistent ids");
  }
  if (opcode.takes === "mark") machine.popMark();
  else for (let taken = 0; taken < opcode.takes; taken++) machine.pop();
  if (opcode.gives > 0) machine.push(opcode.text ? first : null);
}

function checkProtocol(protocol: number, { scan }: Findings): void {
  if (protocol > HIGHEST_PROTOCOL)
    throw new DatasetFault(
      "file_unsupported",
      `protocol ${protocol} of pickle is not known; ${HIGHEST_PROTOCOL} is the highest`,
    );
  scan.protocol = Math.max(scan.protocol, protocol);
}

/** A text of protocol 0 is written as Python's literal; one with escapes is no name. */
const unquoted = (text: Value): Value =>
  text !== null && /^(['"])[^\\]*\1$/.test(text) ? text.slice(1, -1) : null;
