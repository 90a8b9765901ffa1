// What may be known at once goes on at once: a promise where there is nothing to wait for costs as much as the work.

export type OrPromise<T> = T | Promise<T>;

/** `next` of what was found, now where it is there already. What `next` throws, the promise is rejected with. */
export function after<T, R>(found: OrPromise<T>, next: (found: T) => R): OrPromise<R> {
  return found instanceof Promise ? found.then(next) : next(found);
}
