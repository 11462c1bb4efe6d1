/** Starts work that is awaited later; prevents an unhandled rejection until then. */
export function background<Value>(work: Promise<Value>): Promise<Value> {
  work.catch(() => {});
  return work;
}
