import { say } from '../../base/terminal/message.js'
import { writeStderr } from '../../base/process/write-stderr.js'
import type { LockInfo } from '../../locks/contract/lock-types.js'
import { atExit } from '../../base/process/at-exit.js'
import { monotonicMs } from '../../base/process/monotonic-time.js'
import { ownProcess } from '../../base/process/own-process.js'
import { fittedWaitLine, type WaitFacts, waitText } from './wait-text.js'

/** Shorter waits are not worth a line; a person must see one within 300 ms. */
const FIRST_AFTER_MS = 150
const TERMINAL_EVERY_MS = 1_000
/** The first pause between two log lines; each pause is twice as long as the previous one. */
const LOG_PAUSE_MS = 5_000
const LONGEST_LOG_PAUSE_MS = 300_000
const ERASE_LINE = '\r\u001b[K'

/**
 * Shows on stderr whom a wait is for. On a terminal it keeps one line up to date and removes it after the wait. In a log, and in
 * CI, where a terminal is recorded, it prints a line at growing intervals. Such a line opens, closes and folds no log group.
 */
export class WaitDisplay {
  readonly #pid: number
  readonly #began = monotonicMs()
  readonly #isTerminal = isKeptUpToDate()
  #pauseMs = FIRST_AFTER_MS
  #dueAt = this.#began + FIRST_AFTER_MS
  #eraseAtExit: (() => void) | undefined

  /** @param pid the process in the queue */
  constructor(pid: number = process.pid) {
    this.#pid = pid
  }

  /** Milliseconds until there is something to show; 0 if there is now. */
  get restMs(): number {
    return Math.max(0, this.#dueAt - monotonicMs())
  }

  show(info: LockInfo): void {
    const now = monotonicMs()
    this.#pauseMs = this.#isTerminal
      ? TERMINAL_EVERY_MS
      : Math.min(LONGEST_LOG_PAUSE_MS, Math.max(LOG_PAUSE_MS, this.#pauseMs * 2))
    this.#dueAt = now + this.#pauseMs
    const facts = { waitedMs: now - this.#began, pid: this.#pid }
    if (this.#isTerminal) this.#update(info, facts)
    else say(waitText(info, facts))
  }

  /** Removes the line. */
  end(): void {
    if (this.#eraseAtExit === undefined) return
    this.#eraseAtExit()
    this.#eraseAtExit = undefined
    writeStderr(ERASE_LINE)
  }

  #update(info: LockInfo, facts: WaitFacts): void {
    // After Ctrl-C, the prompt gets its own line.
    this.#eraseAtExit ??= atExit(() => {
      writeStderr(ERASE_LINE)
    })
    // A line that wraps cannot be erased, so leave room for the ^C of Ctrl-C.
    const width = (process.stderr.columns || 80) - 3
    writeStderr(ERASE_LINE + fittedWaitLine(info, facts, { name: ownProcess().name, width }))
  }
}

/** Returns whether a wait is shown as one line that is kept up to date. */
export function isKeptUpToDate(): boolean {
  return process.stderr.isTTY && process.env['TERM'] !== 'dumb' && !isCi()
}

/** Any value that does not mean no: services set it to `true`, `1` or their name. */
function isCi(): boolean {
  return !['', '0', 'false'].includes(process.env['CI'] ?? '')
}
