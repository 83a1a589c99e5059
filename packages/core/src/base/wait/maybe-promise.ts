/** A value that an embedded driver returns synchronously and a networked one asynchronously. */
export type MaybePromise<T> = T | Promise<T>
