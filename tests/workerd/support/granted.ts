/** The value of a reply that must be a success. */
export async function granted<T>(
  reply: PromiseLike<{ ok: true; value: T } | { ok: false; error: unknown }>,
): Promise<T> {
  const result = await reply;
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}

/** The error of a reply that must be a refusal. */
export async function refused<E>(
  reply: PromiseLike<{ ok: true; value: unknown } | { ok: false; error: E }>,
): Promise<E> {
  const result = await reply;
  if (result.ok) throw new Error(`granted: ${JSON.stringify(result.value)}`);
  return result.error;
}
