/** Exit codes besides 0, 1 (an ordinary failure) and 75 (busy, set by the plugin), after sysexits.h. */
export const EXIT_BAD_DATA = 65
export const EXIT_IO = 74

/** A failure that the person can do something about: shown as one line, without a stack. */
export class UserError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.name = 'UserError'
    this.exitCode = exitCode
  }
}
