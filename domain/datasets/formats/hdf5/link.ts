/** More than any group that was seen, and few enough to be held. */
export const MOST_LINKS = 200_000;

export type LinkTarget =
  | { kind: "object"; address: number }
  /** A path, from the root where it begins with a slash, else from the group of the link. */
  | { kind: "soft"; path: string }
  | { kind: "external"; file: string; path: string };

export type Link = { name: string; target: LinkTarget };
