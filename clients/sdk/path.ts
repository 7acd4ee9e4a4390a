/**
 * A path with each value as one segment. A value that URLs give another meaning (`..`) is a bug
 * of the caller: sent, it would name another resource.
 */
export function path(parts: TemplateStringsArray, ...values: (string | number)[]): string {
  return parts.reduce((text, part, index) => text + segment(values[index - 1]) + part);
}

function segment(value: string | number | undefined): string {
  const text = String(value ?? "");
  if (text === "" || text === "." || text === "..")
    throw new TypeError(`'${text}' cannot be a name, a number or an id`);
  return encodeURIComponent(text);
}
