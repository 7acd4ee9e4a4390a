import { type CallOptions, experiments, type ExperimentView, type Linnet } from "@linnet/sdk";

type Variant = ExperimentView["variants"][number];

/** The variant that a person means by its id, its name or `model@version`. */
export const findVariant = (variants: readonly Variant[], text: string): Variant | undefined =>
  variants.find(({ variant_id, name }) => variant_id === text || name === text) ??
  variants.find(({ model, version }) => `${model}@${version}` === text);

/** Its id; what is no name goes to the platform as it is. */
export async function variantNamed(
  client: Linnet,
  id: string,
  text: string,
  options: CallOptions,
): Promise<string> {
  const { variants } = await experiments.get(client, id, options);
  return findVariant(variants, text)?.variant_id ?? text;
}
