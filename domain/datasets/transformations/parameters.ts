import { DatasetFault } from "../dataset-fault.ts";
import type { Field, Schema } from "../schema.ts";
import type { Json } from "../table.ts";

export type JsonObject = { [name: string]: Json };

/** Refuses what a parameter says; `field` is its path. */
export function refuse(field: string, message: string): never {
  throw new DatasetFault("transformation_invalid", `${field}: ${message}`, { field });
}

const LONGEST_NAME = 255;

/**
 * Reads the members of a JSON object one by one. Each throws `transformation_invalid` that names
 * the member by its path; `end` refuses members that nobody asked for.
 */
export class Parameters {
  readonly path: string;
  readonly #json: JsonObject;
  readonly #known = new Set<string>();

  constructor(json: Json | undefined, path = "parameters") {
    if (typeof json !== "object" || json === null || Array.isArray(json))
      refuse(path, `expected an object, found ${shown(json)}`);
    this.path = path;
    this.#json = json;
  }

  /** The member, and undefined where there is none or it is null. */
  get(name: string): Json | undefined {
    this.#known.add(name);
    return Object.hasOwn(this.#json, name) ? (this.#json[name] ?? undefined) : undefined;
  }

  at(name: string): string {
    return `${this.path}.${name}`;
  }

  text(name: string, otherwise?: string): string {
    const found = this.get(name) ?? otherwise;
    if (typeof found !== "string" || found === "")
      return refuse(this.at(name), `expected a text, found ${shown(found)}`);
    return found;
  }

  oneOf<T extends string>(name: string, known: readonly T[], otherwise?: T): T {
    const found = this.get(name) ?? otherwise;
    const meant = known.find((one) => one === found);
    if (meant !== undefined) return meant;
    return refuse(this.at(name), `expected one of ${known.join(", ")}, found ${shown(found)}`);
  }

  boolean(name: string, otherwise: boolean): boolean {
    const found = this.get(name) ?? otherwise;
    if (typeof found === "boolean") return found;
    return refuse(this.at(name), `expected true or false, found ${shown(found)}`);
  }

  number(name: string, [least, most]: readonly [number, number], otherwise?: number): number {
    const found = this.get(name) ?? otherwise;
    if (typeof found === "number" && found >= least && found <= most) return found;
    return refuse(
      this.at(name),
      `expected a number from ${least} to ${most}, found ${shown(found)}`,
    );
  }

  integer(name: string, bounds: readonly [number, number], otherwise?: number): number {
    const found = this.number(name, bounds, otherwise);
    if (Number.isSafeInteger(found)) return found;
    return refuse(this.at(name), `expected a whole number, found ${found}`);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  list(name: string, most: number, otherwise?: Json[]): Json[] {
    const found = this.get(name) ?? otherwise;
    if (!Array.isArray(found))
      return refuse(this.at(name), `expected a list, found ${shown(found)}`);
    if (found.length > most)
      refuse(this.at(name), `expected at most ${most} members, found ${found.length}`);
    return found;
  }

  objects(name: string, most: number, otherwise?: Json[]): Parameters[] {
    return this.list(name, most, otherwise).map(
      (json, at) => new Parameters(json, `${this.at(name)}[${at}]`),
    );
  }

  texts(name: string, most: number, otherwise?: string[]): string[] {
    return this.list(name, most, otherwise).map((json, at) =>
      typeof json === "string"
        ? json
        : refuse(`${this.at(name)}[${at}]`, `expected a text, found ${shown(json)}`),
    );
  }

  /** Names of columns that are there, each once. */
  columns(name: string, { fields }: Schema, otherwise?: string[]): Field[] {
    const names = this.texts(name, 2_000, otherwise);
    return names.map((column, at) => {
      if (names.indexOf(column) !== at) refuse(this.at(name), `'${column}' is there twice`);
      return fieldNamed(column, fields, this.at(name));
    });
  }

  column(name: string, { fields }: Schema, otherwise?: string): Field {
    return fieldNamed(this.text(name, otherwise), fields, this.at(name));
  }

  /** The name of a column to be. */
  newName(name: string, otherwise?: string): string {
    const found = this.text(name, otherwise);
    if (found.length > LONGEST_NAME)
      refuse(this.at(name), `a column's name has at most ${LONGEST_NAME} characters`);
    return found;
  }

  /** A text or a number that seeds what is drawn; 0. */
  seed(): string {
    const found = this.get("seed") ?? 0;
    if (typeof found === "number" || (typeof found === "string" && found.length <= 200))
      return String(found);
    return refuse(this.at("seed"), `expected a number or a text, found ${shown(found)}`);
  }

  end(): void {
    const unknown = Object.keys(this.#json).find((name) => !this.#known.has(name));
    if (unknown !== undefined)
      refuse(
        this.at(unknown.slice(0, 50)),
        `there is no such parameter here; there are ${[...this.#known].join(", ") || "none"}`,
      );
  }
}

export function fieldNamed(name: string, fields: readonly Field[], path: string): Field {
  const found = fields.find((field) => field.name === name);
  if (found) return found;
  const known = fields.map((field) => `'${field.name}'`).join(", ");
  return refuse(path, `there is no column '${name}'; there are ${known}`);
}

/** Refuses a schema whose columns do not all have names of their own. */
export function distinctNames(fields: Field[], path: string): Field[] {
  const names = new Set<string>();
  for (const { name } of fields) {
    if (names.has(name)) refuse(path, `the result would have two columns '${name}'; rename one`);
    names.add(name);
  }
  if (fields.length === 0) refuse(path, "the result would have no column");
  return fields;
}

const shown = (json: Json | undefined): string =>
  json === undefined ? "nothing" : JSON.stringify(json).slice(0, 80);
