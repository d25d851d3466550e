/** A wait that ends: the promise, or an error when its time is over. */

import { deferred } from './deferred.ts';

/** @param makeError is called only when `ms` milliseconds have passed */
export function within<T>(promise: Promise<T>, ms: number, makeError: () => Error): Promise<T> {
  const { promise: limited, resolve, reject } = deferred<T>();
  const timer = setTimeout(() => reject(makeError()), ms);
  promise.then(resolve, reject).finally(() => clearTimeout(timer));
  return limited;
}
