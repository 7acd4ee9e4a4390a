import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { Platform } from "../platform.ts";
import { readAttributes, type Hdf5Attribute } from "./attributes.ts";
import { globalHeap } from "./global-heap.ts";
import { damaged, unsupported } from "./hdf5-fault.ts";
import { openDataset, type Hdf5Dataset } from "./hdf5-dataset.ts";
import type { Link } from "./link.ts";
import { readLinks } from "./links.ts";
import { readObjectHeader } from "./object-header.ts";
import { recentlyUsed } from "./recently-used.ts";
import { openSuperblock } from "./superblock.ts";

const CHUNKS_KEPT = 16 * 2 ** 20;
const MOST_HOPS = 32;

export type Hdf5Group = {
  kind: "group";
  /** From the root, without the first slash; empty for the root. */
  path: string;
  /** Tells the object from all others: links may lead to one several times, and in circles. */
  address: number;
  attributes: ReadonlyMap<string, Hdf5Attribute>;
  /** In the order of their creation where the file keeps it, else by name. */
  links: readonly Link[];
};

/** An object that is neither a group nor an array: a datatype with a name. */
export type Hdf5Other = { kind: "other"; path: string; address: number };

export type Hdf5Object = Hdf5Group | Hdf5Dataset | Hdf5Other;

export type Hdf5File = {
  root: Hdf5Group;
  /**
   * The object that a link of a group leads to, soft ones followed within the file. Throws
   * `file_unsupported` for a link into another file, and `file_invalid` for one that leads nowhere.
   */
  follow(group: Hdf5Group, link: Link): Promise<Hdf5Object>;
  /** The object at a path from the root; `column_unknown` where there is none. */
  find(path: string): Promise<Hdf5Object>;
  /** The object at an address, under a path that is told of it. */
  open(address: number, path: string): Promise<Hdf5Object>;
  /** The object that a reference (an element of an array of references) means. */
  dereference(reference: bigint): Promise<Hdf5Object>;
};

/**
 * Opens an HDF5 file by ranges: metadata are read where they are asked for, and the data of an
 * array where its `read` is. Keeps at most some 24 MB in caches. Throws a DatasetFault for a file
 * that is damaged, here or when a part of it is read.
 */
export async function openHdf5(source: ByteSource, platform: Platform): Promise<Hdf5File> {
  const { file, root: rootAddress } = await openSuperblock(source, platform);
  const heap = globalHeap(file);
  const chunks = recentlyUsed<string, Uint8Array>(CHUNKS_KEPT);

  async function open(address: number, path: string): Promise<Hdf5Object> {
    const messages = await readObjectHeader(file, address);
    const decoder = { file, heap, path };
    const dataset = await openDataset(decoder, address, messages, chunks);
    if (dataset !== null) return dataset;
    const links = await readLinks(file, messages);
    if (links === null) return { kind: "other", path, address };
    return {
      kind: "group",
      path,
      address,
      links,
      attributes: await readAttributes(decoder, messages),
    };
  }

  async function follow(group: Hdf5Group, link: Link, hops = 0): Promise<Hdf5Object> {
    const path = joined(group.path, link.name);
    const { target } = link;
    if (target.kind === "object") return open(target.address, path);
    if (target.kind === "external")
      throw unsupported(
        `the link '${path}' into another file ('${target.file}')`,
        "copy what it leads to into this file",
      );
    if (hops >= MOST_HOPS) throw damaged(`the link '${path}' leads in a circle`);
    const start = target.path.startsWith("/") ? root : group;
    const found = await walk(start, target.path, hops + 1);
    if (found === null)
      throw damaged(`the link '${path}' leads to '${target.path}', which is not there`);
    return { ...found, path };
  }

  async function walk(start: Hdf5Group, path: string, hops: number): Promise<Hdf5Object | null> {
    let object: Hdf5Object = start;
    for (const name of path.split("/").filter((part) => part !== "" && part !== ".")) {
      if (object.kind !== "group") return null;
      const link: Link | undefined = object.links.find((candidate) => candidate.name === name);
      if (link === undefined) return null;
      object = await follow(object, link, hops);
    }
    return object;
  }

  const top = await open(rootAddress, "");
  if (top.kind !== "group") throw damaged("its root is no group");
  const root = top;
  return {
    root,
    open,
    follow: (group, link) => follow(group, link),
    async find(path) {
      const found = await walk(root, path, 0);
      if (found !== null) return found;
      throw new DatasetFault("column_unknown", `there is no '${path}' in this HDF5 file`);
    },
    dereference: (reference) => open(Number(reference), `#${reference}`),
  };
}

const joined = (group: string, name: string): string => (group === "" ? name : `${group}/${name}`);
