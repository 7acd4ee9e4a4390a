import { pick } from "../engine/batches.ts";
import { rowByRow } from "../engine/computed-rows.ts";
import { Expressions } from "../expressions/compile-expression.ts";
import type { Kind } from "../operation.ts";
import { Parameters } from "../parameters.ts";
import { onlySource } from "./sources.ts";

/**
 * `where`: the condition that rows are kept by. A condition that is neither true nor false, since it
 * asks for a value that is not there, keeps no row.
 */
export const filter: Kind = (json, sources) => {
  const schema = onlySource(sources);
  const parameters = new Parameters(json);
  const where = parameters.text("where");
  parameters.end();
  const expressions = new Expressions(schema);
  const condition = expressions.condition(where, parameters.at("where"));
  return {
    parameters: { where },
    outputs: [{ name: null, schema }],
    fit: null,
    async run(work) {
      const select = `SELECT row FROM source_0 WHERE ${condition}`;
      for await (const { batch, first, found } of rowByRow(work, expressions, select))
        await work.push(
          null,
          pick(
            batch,
            found.map(([row]) => Number(row) - first),
          ),
        );
    },
  };
};
