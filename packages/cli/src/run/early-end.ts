import type { ChildEnd } from './child-end.js'

/** A run that ended before its program began: its wait was interrupted, or the process that waits was killed. */
export class EarlyEnd extends Error {
  readonly end: ChildEnd

  constructor(end: ChildEnd) {
    super('ended before the program began')
    this.end = end
  }
}
