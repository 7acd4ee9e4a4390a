/** The value of a reply that must be a success. */
export async function granted<R extends { ok: boolean }>(
  reply: PromiseLike<R>,
): Promise<Extract<R, { ok: true }>["value"]> {
  const result = await reply;
  if (isSuccess(result)) return result.value;
  throw new Error(`refused: ${JSON.stringify(result)}`);
}

/** The error of a reply that must be a refusal. */
export async function refused<R extends { ok: boolean }>(
  reply: PromiseLike<R>,
): Promise<Extract<R, { ok: false }>["error"]> {
  const result = await reply;
  if (isFailure(result)) return result.error;
  throw new Error(`granted: ${JSON.stringify(result)}`);
}

const isSuccess = <R extends { ok: boolean }>(
  result: R,
): result is Extract<R, { ok: true }> & { value: Extract<R, { ok: true }>["value"] } => result.ok;
const isFailure = <R extends { ok: boolean }>(
  result: R,
): result is Extract<R, { ok: false }> & { error: Extract<R, { ok: false }>["error"] } =>
  !result.ok;
