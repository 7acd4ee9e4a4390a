import type { Row } from "../experiments/row.ts";
import { explained, openFor, releaseSubject, requestOf } from "./ours.ts";
import { written } from "./measure.ts";
import { feedsOf } from "./subjects.ts";
import type { Work } from "./works.ts";

const ROUNDS = 7;
const METHODS = ["kernel", "deep", "tree", "integrated_gradients", "grad_cam"];

/** The first explanation of a model that is not open: of each method that makes something ready, the first work. */
export async function coldStarts(
  works: readonly Work[],
  isAsked: (named: { name: string }) => boolean,
  quick: boolean,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const method of METHODS) {
    const work = works.find(({ asked }) => asked.method === method);
    if (work === undefined) continue;
    const name = `opened anew and explained once: ${work.name}`;
    if (!isAsked({ name })) continue;
    const { model, instances, background, asked } = work;
    const feeds = feedsOf(instances, 0, 1);
    const compared = background && feedsOf(background);
    const times: number[] = [];
    for (let round = 0; round < (quick ? 1 : ROUNDS); round += 1) {
      const began = performance.now();
      const subject = await openFor(model, feeds);
      await explained(subject, feeds, compared, requestOf(asked));
      times.push(performance.now() - began);
      await releaseSubject(subject);
    }
    rows.push({
      measure: name,
      ours: written(times),
      peers: [],
      how: "the runtime and the code are warm",
    });
  }
  return rows;
}
