import { fail, ok, type Result } from "../result.ts";
import { type Condition, DEEPEST_CONDITION } from "./condition.ts";
import { parseSemver } from "./semver.ts";

/** Where in the value, as a JSON pointer of the form `#/all/0/in/3`, and what was expected there. */
export type ConditionError = { pointer: string; detail: string };

const MOST_NODES = 100;
const MOST_ENTRIES = 1_000;
const LONGEST_TEXT = 256;
const GROUPS: readonly string[] = ["all", "any", "not"];

type Check = (value: unknown, pointer: string) => ConditionError | null;

const expected =
  (what: string, isSo: (value: unknown) => boolean): Check =>
  (value, pointer) =>
    isSo(value) ? null : { pointer, detail: `expected ${what}, found ${name(value)}` };

const isText = (value: unknown): value is string =>
  typeof value === "string" && value.length <= LONGEST_TEXT;
const isNumber = (value: unknown): boolean => Number.isFinite(value);
const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isScalar = (value: unknown): boolean => isText(value) || isNumber(value) || isBoolean(value);

const checkAttribute = expected(
  `the name of an attribute, of 1 to ${LONGEST_TEXT} characters`,
  (value) => isText(value) && value !== "",
);
const checkText = expected(`a string of at most ${LONGEST_TEXT} characters`, isText);
const checkNumber = expected("a number", isNumber);
const checkVersion = expected(
  'a semantic version such as "1.2.0"',
  (value) => isText(value) && parseSemver(value) !== null,
);
const checkScalar = expected(
  `a string of at most ${LONGEST_TEXT} characters, a number or a boolean`,
  isScalar,
);

function checkEntries(value: unknown, pointer: string): ConditionError | null {
  if (!Array.isArray(value) || value.length > MOST_ENTRIES)
    return {
      pointer,
      detail: `expected a list of at most ${MOST_ENTRIES} entries, found ${name(value)}`,
    };
  for (let index = 0; index < value.length; index++) {
    const error = checkScalar(value[index], `${pointer}/${index}`);
    if (error) return error;
  }
  return null;
}

const OPERATORS: Readonly<Record<string, Check>> = {
  in: checkEntries,
  equals: checkScalar,
  greater_than: checkNumber,
  at_least: checkNumber,
  less_than: checkNumber,
  at_most: checkNumber,
  starts_with: checkText,
  ends_with: checkText,
  contains: checkText,
  semver_at_least: checkVersion,
  semver_below: checkVersion,
  exists: expected("true or false", isBoolean),
};
const OPERATOR_NAMES = Object.keys(OPERATORS);

/** The value as a condition, if it is one of at most 5 levels and 100 nodes. Never throws for JSON. */
export function checkCondition(value: unknown): Result<Condition, ConditionError> {
  const error = checkNode(value, "#", 1, { nodes: 0 });
  return error ? fail(error) : ok(value as Condition);
}

function checkNode(
  value: unknown,
  pointer: string,
  depth: number,
  seen: { nodes: number },
): ConditionError | null {
  if (depth > DEEPEST_CONDITION)
    return { pointer, detail: `expected at most ${DEEPEST_CONDITION} levels of conditions` };
  seen.nodes += 1;
  if (seen.nodes > MOST_NODES)
    return { pointer, detail: `expected at most ${MOST_NODES} conditions in all` };
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { pointer, detail: `expected a condition, found ${name(value)}` };

  const fields = Object.entries(value);
  const group = fields.find(([field]) => GROUPS.includes(field));
  if (!group) return checkComparison(fields, pointer);
  const [field, parts] = group;
  if (fields.length > 1)
    return { pointer, detail: `expected nothing beside "${field}", found ${names(fields, field)}` };
  if (field === "not") return checkNode(parts, `${pointer}/not`, depth + 1, seen);
  if (!Array.isArray(parts))
    return {
      pointer: `${pointer}/${field}`,
      detail: `expected a list of conditions, found ${name(parts)}`,
    };
  for (let index = 0; index < parts.length; index++) {
    const error = checkNode(parts[index], `${pointer}/${field}/${index}`, depth + 1, seen);
    if (error) return error;
  }
  return null;
}

function checkComparison(
  fields: readonly [string, unknown][],
  pointer: string,
): ConditionError | null {
  const attribute = fields.find(([field]) => field === "attribute");
  if (!attribute)
    return { pointer, detail: 'expected "all", "any", "not", or "attribute" and an operator' };
  const operators = fields.filter((field) => field !== attribute);
  const [operator] = operators;
  if (!operator || operators.length > 1) {
    const found = operator ? names(operators) : "none";
    return { pointer, detail: `expected one of ${OPERATOR_NAMES.join(", ")}; found ${found}` };
  }
  const [field, operand] = operator;
  const check = Object.hasOwn(OPERATORS, field) ? OPERATORS[field] : undefined;
  if (!check) {
    const detail = `expected one of ${OPERATOR_NAMES.join(", ")}; found ${names(operators)}`;
    return { pointer, detail };
  }
  return (
    checkAttribute(attribute[1], `${pointer}/attribute`) ?? check(operand, `${pointer}/${field}`)
  );
}

/** Some of the names of the fields, each as JSON. */
function names(fields: readonly [string, unknown][], except?: string): string {
  const others = fields.map(([field]) => field).filter((field) => field !== except);
  const shown = others.slice(0, 3).map((field) => JSON.stringify(field.slice(0, 40)));
  return `${shown.join(", ")}${others.length > 3 ? " and others" : ""}`;
}

function name(value: unknown): string {
  if (value === null || typeof value === "number" || typeof value === "boolean") return `${value}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value !== "string") return typeof value === "object" ? "an object" : typeof value;
  if (value.length > LONGEST_TEXT) return `a string of ${value.length} characters`;
  return JSON.stringify(value);
}
