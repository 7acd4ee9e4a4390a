import { OnnxFault } from "../onnx/onnx-fault.ts";
import { describeNames, describeValue } from "../tensors/input-problem.ts";

/** A value in a JSON document and the way to it, such as `preprocessing[0].tokens.by`. */
export type JsonField = { readonly value: unknown; readonly path: string };

/** `OnnxFault` (invalid) that names the field. */
export const refused = ({ path, value }: JsonField, expected: string): OnnxFault =>
  new OnnxFault("invalid", `'${path}': expected ${expected}, found ${describeValue(value)}`);

/** The members of an object that has no others than the named ones; each may be absent. */
export function membersOf<Name extends string>(
  field: JsonField,
  names: readonly Name[],
): Record<Name, JsonField> {
  const { value, path } = field;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refused(field, `an object with ${describeNames(names)}`);
  const known: ReadonlySet<string> = new Set(names);
  const stray = Object.keys(value).find((name) => !known.has(name));
  if (stray !== undefined)
    throw new OnnxFault(
      "invalid",
      `'${path}' has a member ${describeValue(stray)}; expected ${describeNames(names)}`,
    );
  const members = names.map((name): [Name, JsonField] => [name, memberOf(field, value, name)]);
  return Object.fromEntries(members) as Record<Name, JsonField>;
}

const memberOf = ({ path }: JsonField, value: object, name: string): JsonField => ({
  value: Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined,
  path: `${path}.${name}`,
});

/** What `read` makes of a field that is there, else `absent`. */
export const orElse = <T, Absent>(
  field: JsonField,
  read: (field: JsonField) => T,
  absent: Absent,
): T | Absent => (field.value === undefined || field.value === null ? absent : read(field));

const LONGEST_TEXT = 200;

const isText = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= LONGEST_TEXT;

export function textOf(field: JsonField): string {
  const { value } = field;
  if (!isText(value)) throw refused(field, `a text of 1 to ${LONGEST_TEXT} characters`);
  return value;
}

export function booleanOf(field: JsonField): boolean {
  if (typeof field.value !== "boolean") throw refused(field, "true or false");
  return field.value;
}

/** So far from the largest float32 that no product of a few such numbers overflows. */
const LARGEST = 1e12;

export function numberOf(field: JsonField): number {
  const { value } = field;
  if (typeof value !== "number" || !(Math.abs(value) <= LARGEST))
    throw refused(field, `a number from -${LARGEST} to ${LARGEST}`);
  return value;
}

export const integerOf =
  (least: number, most: number) =>
  (field: JsonField): number => {
    const { value } = field;
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most)
      throw refused(field, `a whole number from ${least} to ${most}`);
    return value;
  };

export const oneOf =
  <const Choice extends string | number>(choices: readonly Choice[]) =>
  (field: JsonField): Choice => {
    const choice = choices.find((one) => one === field.value);
    if (choice === undefined)
      throw refused(field, `one of ${choices.map((one) => JSON.stringify(one)).join(", ")}`);
    return choice;
  };

function elementsOf(field: JsonField, least: number, most: number): readonly unknown[] {
  const { value } = field;
  if (!Array.isArray(value) || value.length < least || value.length > most)
    throw refused(field, `a list of ${least} to ${most} elements`);
  return value;
}

/** A list of at least `least` and at most `most` elements, each as `read` reads it. */
export const listOf =
  <T>(read: (field: JsonField) => T, least: number, most: number) =>
  (field: JsonField): T[] =>
    elementsOf(field, least, most).map((value, index) =>
      read({ value, path: `${field.path}[${index}]` }),
    );

/** A list of texts of which no two are the same; it may be long, so a path is made only for a fault. */
export const distinctTextsOf =
  (least: number, most: number) =>
  (field: JsonField): string[] => {
    const seen = new Set<string>();
    for (const [index, value] of elementsOf(field, least, most).entries()) {
      if (isText(value) && !seen.has(value)) seen.add(value);
      else {
        const element = { value, path: `${field.path}[${index}]` };
        textOf(element);
        throw refused(element, "no text twice");
      }
    }
    return [...seen];
  };
