import { newRows, type Rows } from "../rows.ts";
import { AllowedChanges, type ElementChange } from "./allowed-changes.ts";
import {
  FLIP_DEFAULTS,
  checkOptions,
  rivalsOf,
  scoredClass,
  type Classifier,
  type Flip,
  type FlipOptions,
  type FullOptions,
  type ScoredClass,
} from "./flip-options.ts";
import { putBack } from "./put-back.ts";
import type { ScoreGradient } from "./score-gradient.ts";

/** How many sizes of change are tried side by side, and how often. */
const SECTIONS = 8;
const MOST_ROUNDS = 8;
/** The points of a line that are tried side by side. */
const POINTS = 32;

type Found = { row: Rows; size: number; after: ScoredClass };
/** How much a rival scores above the class before, plus `offset`: above 0 the class is the rival's. */
type Margin = { gradient: ScoreGradient; offset: number };

/** What `shrinkingFlips` knows while it searches. */
export class FlipSearch {
  /** The classes to flip to, the likeliest first. */
  readonly rivals: readonly number[];
  readonly #classifier: Classifier;
  readonly #allowed: AllowedChanges;
  readonly #options: FullOptions;
  readonly #before: ScoredClass;
  #best: Found | null = null;
  #rows = 1;

  private constructor(
    classifier: Classifier,
    allowed: AllowedChanges,
    before: ScoredClass,
    options: FullOptions,
  ) {
    this.#classifier = classifier;
    this.#allowed = allowed;
    this.#options = options;
    this.#before = before;
    this.rivals = rivalsOf(classifier, before, options);
  }

  static async start(
    classifier: Classifier,
    instance: Rows,
    asked: FlipOptions,
  ): Promise<FlipSearch> {
    const options = { ...FLIP_DEFAULTS, ...asked };
    checkOptions(options);
    const allowed = new AllowedChanges(classifier.layout, instance, options);
    const scores = await classifier.scores(instance, 1);
    return new FlipSearch(classifier, allowed, scoredClass(classifier, scores), options);
  }

  result(): Flip {
    const told = { before: this.#before, rows: this.#rows };
    if (this.#best === null) return { ...told, found: false };
    const { row, size, after } = this.#best;
    return {
      ...told,
      found: true,
      epsilon: size,
      row,
      changes: this.#allowed.changesTo(row),
      after,
    };
  }

  /** Yields whenever a smaller change is found on the way to a rival. */
  async *against(rival: number): AsyncGenerator<Flip, void, void> {
    const margin = this.#marginOf(rival);
    if (await this.#alongGradient(margin)) yield this.result();
    let [low, high] = [0, this.#greatest];
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (high - low <= this.#options.precision * high) return;
      const sizes = Array.from(
        { length: SECTIONS },
        (_, at) => low + ((high - low) * (at + 1)) / SECTIONS,
      );
      const { smallest, isBetter } = await this.#climbs(margin, sizes);
      if (smallest < 0) return;
      if (isBetter) yield this.result();
      high = Math.min(sizes[smallest] ?? high, this.#greatest);
      const failed = sizes[smallest - 1] ?? low;
      // A climb may fail where a smaller change succeeds; then it has shown nothing.
      low = failed < high ? failed : 0;
    }
  }

  /** Puts features back that need not change, after a stretch by `slack`. */
  async sparsify(): Promise<void> {
    if (this.#best === null) return;
    const { instance } = this.#allowed;
    const stretch = Math.min(1 + this.#options.slack, this.#options.max_epsilon / this.#best.size);
    const [stretched] = await this.#evaluate([this.#allowed.towards(this.#best.row, stretch)]);
    const { row, after } = stretched ?? this.#best;
    const { gradients } = await this.#run(this.#marginOf(after.class), row, 1);
    const effect = ({ index, to, from }: ElementChange): number =>
      Math.abs((to - from) * (gradients[index] ?? 0));
    const order = this.#allowed.changesTo(row).sort((a, b) => effect(a) - effect(b));
    const sparse = await putBack(
      instance,
      row,
      order.map(({ index }) => index),
      async (rows) => (await this.#evaluate(rows)).map((found) => found !== null),
    );
    const [found] = await this.#evaluate([sparse]);
    if (found) this.#best = await this.#shrunk(found);
  }

  /** No greater change is of interest. */
  get #greatest(): number {
    return this.#best?.size ?? this.#options.max_epsilon;
  }

  #marginOf(rival: number): Margin {
    const { gradient, scores_each, threshold } = this.#classifier;
    if (scores_each > 1)
      return {
        gradient: gradient.of(
          new Map([
            [rival, 1],
            [this.#before.class, -1],
          ]),
        ),
        offset: 0,
      };
    const sign = rival === 1 ? 1 : -1;
    return { gradient: gradient.of(new Map([[0, sign]])), offset: -sign * threshold };
  }

  #run({ gradient }: Margin, rows: Rows, count: number): ReturnType<ScoreGradient["run"]> {
    this.#rows += count;
    return gradient.run(rows, count);
  }

  /** One step of every size in the direction of the gradient at the instance; true where that found a smaller change. */
  async #alongGradient(margin: Margin): Promise<boolean> {
    const { instance } = this.#allowed;
    const { gradients } = await this.#run(margin, instance, 1);
    const rows = Array.from({ length: POINTS }, (_, at) => {
      const size = this.#greatest * 2 ** (-at / 3);
      const row = instance.slice();
      this.#allowed.climb(row, gradients, size, this.#options.random);
      this.#allowed.project(row, size);
      return row;
    });
    return this.#take(await this.#evaluate(rows));
  }

  /**
   * Climbs within changes of each size: the index of the smallest that flipped, -1 for none, and
   * whether that found a smaller change.
   */
  async #climbs(
    margin: Margin,
    sizes: readonly number[],
  ): Promise<{ smallest: number; isBetter: boolean }> {
    const { steps, restarts, random } = this.#options;
    const { size: width } = this.#classifier.layout;
    const count = sizes.length * restarts;
    const rows = newRows(this.#classifier.layout, count);
    const each = Array.from({ length: count }, (_, at) =>
      rows.subarray(at * width, (at + 1) * width),
    );
    const sizeOf = (climb: number): number => sizes[Math.floor(climb / restarts)] ?? 0;
    for (const [climb, row] of each.entries()) this.#begin(row, climb % restarts, sizeOf(climb));
    const climbing = new Set(each.keys());
    for (let step = 0; step < steps && climbing.size > 0; step += 1) {
      const { scores, gradients } = await this.#run(margin, rows, count);
      for (const climb of climbing) {
        if ((scores[climb] ?? 0) + margin.offset > 0) {
          climbing.delete(climb);
          continue;
        }
        const size = sizeOf(climb);
        const row = each[climb] ?? rows;
        const slopes = gradients.subarray(climb * width, (climb + 1) * width);
        this.#allowed.climb(row, slopes, (STRIDE * size) / steps, random);
        this.#allowed.project(row, size);
      }
    }
    const found = await this.#evaluate(each);
    const isBetter = await this.#take(found);
    const first = found.findIndex((flipped) => flipped !== null);
    return { smallest: first < 0 ? -1 : Math.floor(first / restarts), isBetter };
  }

  /** The first climb starts at the instance, the second towards the best change so far, the others anywhere. */
  #begin(row: Rows, restart: number, size: number): void {
    row.set(this.#allowed.instance);
    if (restart === 1 && this.#best !== null)
      row.set(this.#allowed.towards(this.#best.row, size / this.#best.size));
    else if (restart > 0) this.#allowed.scatter(row, size, this.#options.random);
    this.#allowed.project(row, size);
  }

  /** Keeps the smallest of some changes, made as small as it can be in its direction, where it is smaller than the best so far. */
  async #take(found: readonly (Found | null)[]): Promise<boolean> {
    const smallest = least(found);
    if (smallest === null || smallest.size >= (this.#best?.size ?? Infinity)) return false;
    this.#best = await this.#shrunk(smallest);
    return true;
  }

  /** The smallest flip on the line from the instance to a row. */
  async #shrunk(found: Found): Promise<Found> {
    let best = found;
    let [low, high] = [0, 1];
    for (let round = 0; round < 2; round += 1) {
      const shares = Array.from(
        { length: POINTS },
        (_, at) => low + ((high - low) * (at + 1)) / POINTS,
      );
      const tried = await this.#evaluate(
        shares.map((share) => this.#allowed.towards(found.row, share)),
      );
      best = least([best, ...tried]) ?? best;
      const first = tried.findIndex((flipped) => flipped !== null);
      if (first < 0) return best;
      [low, high] = [shares[first - 1] ?? low, shares[first] ?? high];
    }
    return best;
  }

  /** What flips the class, of some rows: whole where that was asked for, and no greater a change than is allowed. */
  async #evaluate(asked: readonly Rows[]): Promise<(Found | null)[]> {
    const { layout, scores, scores_each } = this.#classifier;
    const rows = asked.map((row) => this.#allowed.settled(row));
    if (rows.length === 0) return [];
    const together = newRows(layout, rows.length);
    for (const [at, row] of rows.entries()) together.set(row, at * layout.size);
    this.#rows += rows.length;
    const found = await scores(together, rows.length);
    return rows.map((row, at) => {
      const own = found.slice(at * scores_each, (at + 1) * scores_each);
      const after = scoredClass(this.#classifier, own);
      const flip = { row, size: this.#allowed.sizeOf(row), after };
      return this.#isFlip(flip) ? flip : null;
    });
  }

  #isFlip({ size, after }: Found): boolean {
    const { to_class, max_epsilon } = this.#options;
    const isOther =
      to_class === undefined ? after.class !== this.#before.class : after.class === to_class;
    return isOther && size > 0 && size <= max_epsilon * (1 + ROUNDING);
  }
}

/** Steps add up to this much of a size, so that a climb can cross it and come back (Madry et al. 2018). */
const STRIDE = 2.5;
/** Of float32. */
const ROUNDING = 1e-6;

const least = (found: readonly (Found | null)[]): Found | null =>
  found.reduce((best, one) => (one && one.size < (best?.size ?? Infinity) ? one : best), null);
