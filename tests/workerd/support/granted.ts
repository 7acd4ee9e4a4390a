type Reply<T> = { ok: true; value: T } | { ok: false; error: unknown };

/** The value of a reply that must be a success. */
export function valueOf<T>(result: Reply<T>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}

export const granted = async <T>(reply: PromiseLike<Reply<T>>): Promise<T> => valueOf(await reply);

/** The error of a reply that must be a refusal. */
export async function refused<E>(
  reply: PromiseLike<{ ok: true; value: unknown } | { ok: false; error: E }>,
): Promise<E> {
  const result = await reply;
  if (result.ok) throw new Error(`granted: ${JSON.stringify(result.value)}`);
  return result.error;
}
