/** Work that is awaited when its value is needed: until then its failure is nobody's. */
export function background<Value>(work: Promise<Value>): Promise<Value> {
  work.catch(() => {});
  return work;
}
