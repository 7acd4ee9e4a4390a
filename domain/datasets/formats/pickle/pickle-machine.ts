import { DatasetFault } from "../../dataset-fault.ts";

const LARGEST_STACK = 1_000_000;
/** Of the texts that are remembered; those beyond are followed no more. */
const MOST_CHARACTERS = 8_000_000;
const MOST_REMEMBERED = 200_000;

/** A text that may be a name, or null for any other value. */
export type Value = string | null;

/**
 * The stack and the memo of a pickle, of which only texts are followed, since only they can name
 * what is imported. Throws a DatasetFault where a value is taken that is not there.
 */
export class PickleMachine {
  readonly #stack: Value[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, string>();
  #memoized = 0;
  #characters = 0;

  push(value: Value): void {
    if (this.#stack.length >= LARGEST_STACK) throw tooLarge("values at once");
    this.#stack.push(value);
  }

  pop(): Value {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0))
      throw malformed("takes a value that is not there");
    return this.#stack.pop() ?? null;
  }

  mark(): void {
    if (this.#marks.length >= LARGEST_STACK) throw tooLarge("lists in lists");
    this.#marks.push(this.#stack.length);
  }

  /** Drops all values down to the last mark. */
  popMark(): void {
    const mark = this.#marks.pop();
    if (mark === undefined) throw malformed("ends a list that was not begun");
    this.#stack.length = mark;
  }

  /** Takes the last value or, if that comes after it, the last mark. */
  popAny(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
    else this.pop();
  }

  duplicate(): void {
    const value = this.pop();
    this.push(value);
    this.push(value);
  }

  /** Remembers the last value under a number. */
  remember(place: number): void {
    const value = this.#stack.at(-1);
    if (value === undefined) throw malformed("remembers a value that is not there");
    this.#memoized++;
    if (value === null) {
      this.#memo.delete(place);
      return;
    }
    this.#characters += value.length;
    const isFull = this.#memo.size >= MOST_REMEMBERED || this.#characters > MOST_CHARACTERS;
    if (isFull) this.#memo.delete(place);
    else this.#memo.set(place, value);
  }

  /** Remembers under the number of values remembered so far, as protocol 4 has it. */
  memoize(): void {
    this.remember(this.#memoized);
  }

  recall(place: number): void {
    this.push(this.#memo.get(place) ?? null);
  }
}

const tooLarge = (what: string): DatasetFault =>
  new DatasetFault("file_too_large", `the pickle has more than ${LARGEST_STACK} ${what}`);

export const malformed = (what: string): DatasetFault =>
  new DatasetFault("file_invalid", `the file is no pickle, or is damaged: it ${what}`);
