/** Thrown to a writer if another owner has had its lock since. */
export class StaleTokenError extends Error {
  name = 'StaleTokenError'
}
