/** An element of a parsed picture. `text` is that of its own and of all within, in order. */
export type Parsed = {
  name: string;
  attributes: Record<string, string>;
  children: Parsed[];
  text: string;
};

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
const TOKEN = /<(\/?)([a-z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;

/** Reads the XML that the pictures are written in, and throws where it is not well-formed. */
export function parseSvg(svg: string): Parsed {
  const root: Parsed = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  let end = 0;
  for (const { 0: token, 1: slash, 2: name, 3: attributes = "", 4: empty, 5: text } of svg.matchAll(
    TOKEN,
  )) {
    end += token.length;
    if (text !== undefined) {
      for (const one of open) one.text += unescaped(text);
    } else if (slash === "/") {
      if (open.pop()?.name !== name)
        throw new Error(`'${name}' ends and was not the last to begin`);
    } else {
      const made = { name: name ?? "", attributes: read(attributes), children: [], text: "" };
      open.at(-1)?.children.push(made);
      if (empty !== "/") open.push(made);
    }
  }
  if (end !== svg.length) throw new Error(`not well-formed at: ${svg.slice(end, end + 60)}`);
  const [whole, ...others] = root.children;
  if (open.length !== 1 || whole === undefined || others.length > 0)
    throw new Error("not one element that ends");
  return whole;
}

function read(attributes: string): Record<string, string> {
  const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)];
  const found: Record<string, string> = {};
  for (const [, key = "", value = ""] of pairs) {
    if (Object.hasOwn(found, key)) throw new Error(`the attribute '${key}' is there twice`);
    found[key] = unescaped(value);
  }
  return found;
}

const unescaped = (text: string): string =>
  text.replace(/&([^;]*);?/g, (whole, name: string) => {
    const character = ENTITIES[name];
    if (character === undefined || !whole.endsWith(";")) throw new Error(`an odd entity: ${whole}`);
    return character;
  });

/** All elements within that `isWanted` holds for, in their order. */
export const elementsOf = (parsed: Parsed, isWanted: (one: Parsed) => boolean): Parsed[] =>
  parsed.children.flatMap((child) => [
    ...(isWanted(child) ? [child] : []),
    ...elementsOf(child, isWanted),
  ]);

/** All elements of a class. */
export const classed = (parsed: Parsed, name: string): Parsed[] =>
  elementsOf(parsed, ({ attributes }) => (attributes["class"] ?? "").split(" ").includes(name));

export const named = (parsed: Parsed, name: string): Parsed[] =>
  elementsOf(parsed, (one) => one.name === name);

/** A numeric attribute. */
export function numberOf({ attributes, name }: Parsed, key: string): number {
  const value = Number(attributes[key] ?? Number.NaN);
  if (Number.isNaN(value)) throw new Error(`<${name}> has no number '${key}'`);
  return value;
}

/** The text without tooltips, which are not on the paper. */
export const printed = (parsed: Parsed): string =>
  parsed.name === "title" || parsed.name === "style"
    ? ""
    : parsed.children.length === 0
      ? parsed.text
      : parsed.text.slice(0, ownLength(parsed)) + parsed.children.map(printed).join("");

/** How much text comes before that of the children. */
const ownLength = ({ text, children }: Parsed): number =>
  text.length - children.reduce((sum, child) => sum + child.text.length, 0);
