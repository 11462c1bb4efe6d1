// Puts something before the calls of functions that other code already has, or will take, by name.

/** @typedef {(...args: any[]) => any} Call */
/** @typedef {Record<string, any>} Module */

/** Has something done before each call. @param {Module} module @param {string} name @param {(args: unknown[], self: any) => void} tell */
export function before(module, name, tell) {
  const plain = module[name];
  module[name] = replacement(plain, function (...args) {
    tell(args, this);
    return Reflect.apply(plain, this, args);
  });
}

/** A function that looks like another one. @param {Call} plain @param {(this: any, ...args: any[]) => any} call @returns {any} */
export function replacement(plain, call) {
  for (const [key, descriptor] of Reflect.ownKeys(plain).map((one) => [
    one,
    Object.getOwnPropertyDescriptor(plain, one),
  ])) {
    const isFixed = key === "prototype";
    Object.defineProperty(call, /** @type {string} */ (key), {
      .../** @type {PropertyDescriptor} */ (descriptor),
      ...(isFixed ? {} : { configurable: true }),
      ...(typeof key === "symbol" && /** @type {any} */ (descriptor).value !== undefined ? { writable: true } : {}),
    });
  }
  return call;
}
