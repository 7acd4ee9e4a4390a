import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refetchFrame, sequenceOf } from "../../../domain/ofrep/event-frame.ts";

/** The fields of one server-sent event, as https://html.spec.whatwg.org/#event-stream-interpretation reads them. */
function fieldsOf(frame: string): Record<string, string> {
  expect(frame.endsWith("\n\n")).toBe(true);
  return Object.fromEntries(
    frame
      .trimEnd()
      .split("\n")
      .map((line) => /^(\w+): (.*)$/.exec(line)?.slice(1) ?? ["", line]),
  );
}

describe("the event of a change", () => {
  it("asks the client to evaluate again, with what tells the change apart", () => {
    const { id, event, data = "", ...others } = fieldsOf(refetchFrame({ sequence: 17, at: 1_999 }));
    expect({ id, event, others }).toEqual({ id: "17", event: "message", others: {} });
    expect(JSON.parse(data)).toEqual({ type: "refetchEvaluation", etag: "17", lastModified: 1 });
  });

  it("has an id that leads back to the change", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (sequence, at) => {
        expect(sequenceOf(fieldsOf(refetchFrame({ sequence, at }))["id"] ?? "")).toBe(sequence);
      }),
    );
  });

  it.each([null, "", "x", "-1", "1.5", "1e3", " 1", "9".repeat(16)])("has no id such as %j", (id) =>
    expect(sequenceOf(id)).toBeNull(),
  );
});
