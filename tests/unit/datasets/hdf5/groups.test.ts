import { describe, expect, it } from "vitest";
import { scalarOf } from "../../../../domain/datasets/formats/hdf5/attributes.ts";
import type { Hdf5File, Hdf5Group } from "../../../../domain/datasets/formats/hdf5/open-hdf5.ts";
import { cellsOf, datasetOf, openVector, readTable, vector } from "./hdf5-file.ts";

async function groupOf(file: Hdf5File, path: string): Promise<Hdf5Group> {
  const object = await file.find(path);
  if (object.kind !== "group") throw new Error(`${path} is a ${object.kind}`);
  return object;
}

const linkOf = ({ links }: Hdf5Group, name: string) =>
  links.find((link) => link.name === name) ?? { name, target: { kind: "soft" as const, path: "" } };

describe.each(["groups-earliest.h5", "groups-latest.h5"])("the groups of %s", (name) => {
  it("have their members by name", async () => {
    const { root } = await openVector(name);
    const groups = Array.from({ length: 8 }, (_, at) => `g0${at}`);
    const others = ["circle", "dangling", "named", "outside", "soft"];
    expect(root.links.map((link) => link.name)).toEqual([
      ...others.slice(0, 2),
      ...groups,
      ...others.slice(2),
    ]);
  });

  it("are walked by paths, soft links included", async () => {
    const file = await openVector(name);
    expect(await (await datasetOf(file, "g05/v")).read()).toEqual(Int16Array.of(5, 5, 5));
    expect(await (await datasetOf(file, "/soft")).read()).toEqual(Int16Array.of(3, 3, 3));
    expect(await (await datasetOf(file, "g01/relative")).read()).toEqual(Int16Array.of(1, 1, 1));
    expect(await (await datasetOf(file, "g02/loop/g02/loop/g04/v")).read()).toEqual(
      Int16Array.of(4, 4, 4),
    );
    expect(await (await datasetOf(file, "g04/named_type")).read()).toEqual(
      Float32Array.of(0, 1, 2),
    );
    expect((await file.find("named")).kind).toBe("other");
  });

  it("refuse links that lead nowhere, in circles and out of the file", async () => {
    const file = await openVector(name);
    const follow = (link: string) => file.follow(file.root, linkOf(file.root, link));
    await expect(follow("dangling")).rejects.toThrow(
      "'dangling' leads to '/nope', which is not there",
    );
    await expect(follow("circle")).rejects.toThrow("'circle' leads in a circle");
    await expect(follow("outside")).rejects.toMatchObject({
      problem: { code: "file_unsupported" },
    });
    await expect(follow("outside")).rejects.toThrow("'other.h5'");
    await expect(file.find("g01/nothing")).rejects.toMatchObject({
      problem: { code: "column_unknown" },
    });
  });

  it("have attributes of every kind", async () => {
    const { attributes } = await groupOf(await openVector(name), "g00");
    expect(attributes.size).toBe(19);
    for (let at = 0; at < 12; at++)
      expect(await scalarOf(attributes.get(`a${String(at).padStart(2, "0")}`))).toBe(BigInt(at));
    expect(await scalarOf(attributes.get("text"))).toBe("ü");
    expect(await scalarOf(attributes.get("fixed"))).toBe("abc");
    expect(await scalarOf(attributes.get("flag"))).toBe(true);
    expect(await scalarOf(attributes.get("half"))).toBe(1.5);
    expect(await scalarOf(attributes.get("list"))).toBeNull();
    expect(await attributes.get("list")?.read()).toEqual(BigInt64Array.of(1n, 2n, 3n));
    expect(attributes.get("empty")?.shape).toBeNull();
    const file = await openVector(name);
    const [reference] = (await (await groupOf(file, "g00")).attributes.get("ref")?.read()) ?? [];
    const target = await file.dereference(reference as bigint);
    expect(target.kind === "dataset" && (await target.read())).toEqual(Int16Array.of(3, 3, 3));
  });

  it("become columns by their paths, each array once whatever leads to it", async () => {
    const table = await readTable(vector(name));
    expect(table.schema.fields.map((field) => field.name)).toEqual([
      "g00/v",
      "g01/v",
      "g02/v",
      "g03/v",
      "g04/named_type",
      "g04/v",
      "g05/v",
      "g06/v",
      "g07/v",
    ]);
    expect(table.warnings).toEqual([
      "'outside' leads into another file ('other.h5') and was not read",
    ]);
    expect(await cellsOf(table, { columns: ["g06/v", "g01/v"], from: 1 })).toEqual({
      "g06/v": [6, 6],
      "g01/v": [1, 1],
    });
  });
});
