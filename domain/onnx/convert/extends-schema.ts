import type { OperatorSchema, Port, Ports } from "../registry/operator-schema.ts";

/**
 * Whether every node that one version of an operator allows is one of the next version too: nothing
 * is gone, nothing new is asked for, no default is another one, and every type is still taken.
 */
export function extendsSchema(before: OperatorSchema, after: OperatorSchema): boolean {
  if (after.deprecated) return false;
  const attributesStay = [...before.attributes].every(([name, { kind, default: old }]) => {
    const now = after.attributes.get(name);
    return now !== undefined && now.kind === kind && now.default === old;
  });
  const nothingNewRequired = [...after.attributes].every(
    ([name, { required }]) => !required || before.attributes.get(name)?.required === true,
  );
  return (
    attributesStay &&
    nothingNewRequired &&
    extendsPorts(before.inputs, after.inputs) &&
    extendsPorts(before.outputs, after.outputs) &&
    bindsNoMore([...before.inputs.list, ...before.outputs.list], after)
  );
}

const extendsPorts = (before: Ports, after: Ports): boolean =>
  after.least <= before.least &&
  after.most >= before.most &&
  before.list.every((port, index) => {
    const now = after.list[index];
    return (
      now !== undefined &&
      now.repeats === port.repeats &&
      [...port.types].every((type) => now.types.has(type))
    );
  });

/** Ports that are to have one type now had to have one before, or had one type each. */
function bindsNoMore(before: readonly Port[], { inputs, outputs }: OperatorSchema): boolean {
  const after = [...inputs.list, ...outputs.list];
  const shared = before.flatMap((port) => {
    const variable = after.find(({ name }) => name === port.name)?.variable;
    return variable === undefined || variable === null ? [] : [{ port, variable }];
  });
  return shared.every(({ port, variable }) =>
    shared.every(
      (other) =>
        other.variable !== variable ||
        other.port.variable === port.variable ||
        (port.types.size === 1 && other.port.types.size === 1),
    ),
  );
}
