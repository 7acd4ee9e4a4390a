/** What workerd sets on an error that came from reaching the actor and not from its code. */
type TransportError = Error & { retryable?: boolean; overloaded?: boolean };

/**
 * Calls an actor, and once more through a fresh stub when the first call never ran or may be
 * repeated: a stub whose connection broke stays broken. Only for calls that are idempotent.
 * https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
 */
export async function callActor<Stub, Reply extends PromiseLike<unknown>>(
  open: () => Stub,
  call: (actor: Stub) => Reply,
): Promise<Awaited<Reply>> {
  try {
    return await call(open());
  } catch (error) {
    const { retryable, overloaded } = error as TransportError;
    if (!retryable || overloaded) throw error;
    return await call(open());
  }
}
