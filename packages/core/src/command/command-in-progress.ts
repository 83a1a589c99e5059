/** Whether a command runs or, in a host that stays alive, is skipped. */
export type Entry = 'granted' | 'skipped'

/** One command of the host as an adapter sees it, from its start to its final end. */
export interface CommandInProgress {
  /** Why the command did not run. */
  readonly refusal: Error | undefined

  /**
   * Takes the rule's lock before it returns, blocking if the lock is busy, for hosts that continue immediately. If the command
   * cannot run, the process ends; in a host that stays alive, the error is thrown.
   */
  enterNow(): Entry

  /**
   * Like `enterNow`, but returns a promise if the lock is busy, for hosts that await one. If `blocks`, called only then, returns
   * true, it blocks instead.
   */
  enter(blocks?: () => boolean): Entry | Promise<Entry>

  /**
   * Runs the action and returns its result unchanged; errors of the action pass through. The rule's events are made from
   * the outcome.
   *
   * The lock of the process's own command is kept until the process ends, because what follows the action belongs to the command. Any
   * other command's lock is released once the action's promise has settled. Without a promise it is released when the next command
   * begins or the process ends; in a host that stays alive, immediately.
   */
  follow<T>(action: () => T): T

  /** Runs a callback as part of the command, under its lock. */
  within<T>(callback: () => T): T

  /** Makes the rest of the running flow part of the command, when nothing can be wrapped. */
  enterFlow(): void

  /** Keeps the command in progress until the returned function is called, even if others begin meanwhile. */
  keepOpen(): () => void

  /** Remembers for `command:failed` that the command has failed, and an error that the framework handles itself. */
  noteError(error?: unknown): void
}
