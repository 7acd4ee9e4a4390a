/**
 * How raw values become what one input of a model takes, as data: the wire's fields with every
 * default filled in. `input` is the input's name, under which callers give the raw values.
 */
export type Pipeline = TextPipeline | ImagePipeline;

export type UnicodeForm = "NFC" | "NFD" | "NFKC" | "NFKD";

/** Of texts. The steps are taken in the order of the fields. */
export type TextPipeline = {
  readonly version: 1;
  readonly kind: "text";
  readonly input: string;
  readonly unicode: UnicodeForm | null;
  readonly lowercase: boolean;
  /** `nfkd` as scikit-learn's `strip_accents="unicode"`, `nfd` as BERT. */
  readonly strip_accents: "nfkd" | "nfd" | null;
  readonly tokens: TokenRule;
  /** The fewest and the most tokens side by side that are one term. */
  readonly ngrams: readonly [least: number, most: number];
  readonly vector: VectorRule;
};

/**
 * `words` are runs of two or more letters, digits and underscores; `whitespace` splits at white
 * space; `characters` are code points, with runs of white space as one space; `wordpiece` is BERT's
 * greedy longest match in a vocabulary, `##` before a piece that does not begin a word.
 */
export type TokenRule =
  | { readonly by: "words" | "whitespace" | "characters" }
  | {
      readonly by: "wordpiece";
      readonly vocabulary: readonly string[];
      readonly unknown: string;
      /** A longer word is unknown as a whole. */
      readonly most_characters: number;
    };

export type VectorRule = BagRule | IdsRule;
export type Norm = "l1" | "l2" | "none";

/** Terms counted, one column for each (or for each hash). */
export type BagRule =
  | {
      readonly by: "hashing";
      readonly n_features: number;
      readonly alternate_sign: boolean;
      readonly binary: boolean;
      readonly norm: Norm;
    }
  | {
      readonly by: "counts";
      /** The term of each column. */
      readonly vocabulary: readonly string[];
      readonly binary: boolean;
      readonly norm: Norm;
    }
  | {
      readonly by: "tfidf";
      readonly vocabulary: readonly string[];
      /** What the counts of each column are multiplied by. */
      readonly idf: readonly number[];
      readonly sublinear_tf: boolean;
      readonly binary: boolean;
      readonly norm: Norm;
    };

/** Tokens in their order, each as its place in the vocabulary; rows are cut to `max_length`. */
export type IdsRule = {
  readonly by: "ids";
  /** Null takes the vocabulary of the word pieces. */
  readonly vocabulary: readonly string[] | null;
  /** Stands for a token that is not in the vocabulary; such tokens are left out where it is null. */
  readonly unknown: string | null;
  readonly max_length: number;
  readonly first: string | null;
  readonly last: string | null;
  readonly pad: string;
  readonly padding: "max_length" | "longest";
  /** Inputs that are filled beside: 1 for a token and 0 for padding; 0 for the only sentence. */
  readonly attention_mask: string | null;
  readonly token_type_ids: string | null;
};

/** Of images, whose values are from 0 to 255. The channels are converted first, then the steps. */
export type ImagePipeline = {
  readonly version: 1;
  readonly kind: "image";
  readonly input: string;
  /** 1 is grey, by the luma weights of ITU-R BT.601; 3 is red, green and blue. */
  readonly channels: 1 | 3;
  readonly steps: readonly ImageStep[];
  /** `hw` has no axis for the one channel. */
  readonly layout: "chw" | "hwc" | "hw";
  /** Whether a row of the input is the image as one list. */
  readonly flatten: boolean;
};

export type ImageStep =
  | ResizeStep
  | { readonly op: "crop"; readonly width: number; readonly height: number }
  | { readonly op: "divide"; readonly by: number }
  | { readonly op: "normalize"; readonly mean: readonly number[]; readonly std: readonly number[] };

/** To a size, or with the shorter side as long as said and the ratio kept. */
export type ResizeStep = {
  readonly op: "resize";
  readonly method: "nearest" | "bilinear";
  /** Whether shrinking averages over all the pixels that one covers, as Pillow does. */
  readonly antialias: boolean;
} & ({ readonly width: number; readonly height: number } | { readonly shorter: number });

/** The model's inputs that a pipeline fills, its own first. */
export function filledBy({ input, ...pipeline }: Pipeline): string[] {
  if (pipeline.kind === "image" || pipeline.vector.by !== "ids") return [input];
  const { attention_mask, token_type_ids } = pipeline.vector;
  return [input, attention_mask, token_type_ids].filter((name) => name !== null);
}
