/** Waits for all. If one fails, aborts the others and rejects with the first failure. */
export async function allOrNone<Value>(
  signal: AbortSignal,
  start: (signal: AbortSignal) => readonly Promise<Value>[],
): Promise<Value[]> {
  const others = new AbortController();
  const running = start(AbortSignal.any([signal, others.signal]));
  let first: { readonly error: unknown } | null = null;
  const watched = running.map((one) =>
    one.catch((error: unknown) => {
      first ??= { error };
      others.abort();
      throw error;
    }),
  );
  await Promise.allSettled(watched);
  if (first !== null) throw (first as { readonly error: unknown }).error;
  return await Promise.all(watched);
}
