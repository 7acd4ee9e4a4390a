/** What may stand inside an element. A string is text, however much it looks like markup. */
export type Content = string | Element;

export type Element = {
  readonly name: string;
  readonly attributes: Attributes;
  readonly children: readonly Content[];
};

/** An attribute that is undefined is left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

export const element = (
  name: string,
  attributes: Attributes = {},
  ...children: readonly Content[]
): Element => ({ name, attributes, children });

/** A tooltip, which is also what a screen reader reads. */
export const tooltip = (text: string): Element => element("title", {}, text);

export function render(content: Content): string {
  if (typeof content === "string") return escaped(content);
  const { name, attributes, children } = content;
  const written = Object.entries(attributes).map(([key, value]) =>
    value === undefined ? "" : ` ${key}="${escaped(attributeText(value))}"`,
  );
  const open = `<${name}${written.join("")}`;
  return children.length === 0 ? `${open}/>` : `${open}>${children.map(render).join("")}</${name}>`;
}

const attributeText = (value: string | number): string =>
  typeof value === "number" ? coordinate(value) : value;

/** A hundredth of a unit is less than a pixel of any screen. */
export function coordinate(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`a coordinate is ${value}`);
  return String(Math.round(value * 100) / 100 || 0);
}

/** Straight lines through points, as the `d` of a path. */
export const pathThrough = (points: readonly (readonly [x: number, y: number])[]): string =>
  points.map(([x, y], at) => `${at === 0 ? "M" : "L"}${coordinate(x)} ${coordinate(y)}`).join("");

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Characters that XML 1.0 does not have, and those that turn the direction of the text around them. */
const UNFIT =
  /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]|[\u202A-\u202E\u2066-\u2069]/gu;

const escaped = (text: string): string =>
  text
    .replace(UNFIT, "\uFFFD")
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
