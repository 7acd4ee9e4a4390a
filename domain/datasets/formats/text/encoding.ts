import { DatasetFault } from "../../dataset-fault.ts";

/** Where the text of a file begins, behind a byte order mark. Throws a DatasetFault for what is no text in UTF-8. */
export function textStart(head: Uint8Array): number {
  const [first, second, third] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw new DatasetFault(
      "file_unsupported",
      "the file is text in UTF-16: save it as UTF-8 and upload it again",
    );
  const zero = head.indexOf(0);
  if (zero >= 0) throw new DatasetFault("file_invalid", `byte ${zero} is 0, which no text has`);
  return first === 0xef && second === 0xbb && third === 0xbf ? 3 : 0;
}
