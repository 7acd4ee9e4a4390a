import type {
  TransformationDefinition,
  TransformationDetails,
  TransformationStanding,
} from "../../contract/transformation-work.ts";

/** What a transformation keeps of itself: what is to be done, and how far that is. */
export class TransformationStore {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  definition(): TransformationDefinition | undefined {
    return this.#kv.get<TransformationDefinition>("definition");
  }

  standing(): TransformationStanding | undefined {
    return this.#kv.get<TransformationStanding>("standing");
  }

  details(): TransformationDetails | undefined {
    const definition = this.definition();
    const standing = this.standing();
    return definition && standing && { ...definition, ...standing };
  }

  begin(definition: TransformationDefinition, standing: TransformationStanding): void {
    this.#kv.put("definition", definition);
    this.#kv.put("standing", standing);
  }

  /** The versions that other transformations have made for it, in their place. */
  resolve(definition: TransformationDefinition): void {
    this.#kv.put("definition", definition);
  }

  put(standing: TransformationStanding): void {
    this.#kv.put("standing", standing);
  }
}
