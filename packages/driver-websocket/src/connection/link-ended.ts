/** Errors of requests whose connection has ended, and whether they were sent. An error of the kit is told by its code, not by its class. */
const ended = new WeakMap<Error, { readonly wasSent: boolean }>()

/** Marks the error of a request that was not answered, since its connection has ended. @param wasSent it may have been carried out */
export function linkEnded<T extends Error>(error: T, wasSent: boolean): T {
  ended.set(error, { wasSent })
  return error
}

/** How the connection of a request ended; undefined where the error is another one. */
export function endOfLink(error: unknown): { readonly wasSent: boolean } | undefined {
  return error instanceof Error ? ended.get(error) : undefined
}
