import type { Context } from "hono";
import { byteRangeOf } from "../../../domain/byte-range.ts";
import { ApiProblem } from "./problem.ts";

/**
 * Which bytes of a file of `size` bytes the request asks for, `from` to before `to`, and status and
 * headers to send them with. `etag` is the file's strong entity tag, in its quotes.
 */
export function askedBytes(c: Context, file: { size: number; etag: string }) {
  const { method, headers } = c.req.raw;
  const { size, etag } = file;
  // Ranges are of GET alone (RFC 9110, section 14.2).
  const range = method === "GET" ? headers.get("range") : null;
  const asked = byteRangeOf({ range, if_range: headers.get("if-range") }, file);
  if (asked.kind === "unsatisfiable")
    throw new ApiProblem(
      "range_unsatisfiable",
      `the file has ${size} bytes, and ${range} is beyond them`,
      { size_bytes: size },
      { "content-range": `bytes */${size}`, "accept-ranges": "bytes" },
    );
  const { from, to } = asked.kind === "part" ? asked : { from: 0, to: size };
  const always = { "accept-ranges": "bytes", "content-length": String(to - from), etag };
  return asked.kind === "whole"
    ? { from, to, status: 200 as const, headers: always }
    : {
        from,
        to,
        status: 206 as const,
        headers: { ...always, "content-range": `bytes ${from}-${to - 1}/${size}` },
      };
}
