/** What a writer is told whose lock another one has had since. */
export class StaleTokenError extends Error {
  name = 'StaleTokenError'
}
