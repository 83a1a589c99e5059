/**
 * Errors of requests whose connection has ended, and whether they were sent. The kit's errors are identified by code,
 * not by class.
 */
const ended = new WeakMap<Error, { readonly wasSent: boolean }>()

/**
 * Marks the error of a request left unanswered by the end of its connection. @param wasSent whether it may have been
 * carried out
 */
export function linkEnded<T extends Error>(error: T, wasSent: boolean): T {
  ended.set(error, { wasSent })
  return error
}

/** Returns how a request's connection ended; undefined if that was not the error. */
export function endOfLink(error: unknown): { readonly wasSent: boolean } | undefined {
  return error instanceof Error ? ended.get(error) : undefined
}
