/** A failure of the simulated file system, as Node reports a real one. */
export class SimulatedError extends Error {
  readonly code: string

  constructor(code: string, what: string) {
    super(`${code}: ${what}`)
    this.code = code
  }
}
