import type { ChildEnd } from './child-end.js'

/** A run that ended before its program started: its wait was interrupted, or the waiting process was killed. */
export class EarlyEnd extends Error {
  readonly end: ChildEnd

  constructor(end: ChildEnd) {
    super('ended before the program started')
    this.end = end
  }
}
