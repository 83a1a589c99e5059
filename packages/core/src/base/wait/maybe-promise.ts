/** A value that an embedded driver has at once and a networked one later. */
export type MaybePromise<T> = T | Promise<T>
