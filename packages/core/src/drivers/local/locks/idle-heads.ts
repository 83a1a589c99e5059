import { entryPath } from '../../../base/builtins.js'
import { parseTicketName } from './lock-names.js'
import type { ResourcePaths } from './resource-paths.js'
import type { LockContext } from './lock-context.js'
import { findLiveHolders } from './lock-state.js'
import { PATIENCE_MS } from './waiter-patience.js'

const PATIENCE_NS = BigInt(PATIENCE_MS) * 1_000_000n

/**
 * Waiters that another waiter no longer waits for, because the lock was free for a second and they did not take it:
 * their process is blocked, or died in a container that cannot be inspected. They lose their queue position, never a
 * lock.
 */
export class IdleHeads {
  readonly #context: LockContext
  readonly #idle = new Set<string>()
  #head = ''
  #freeSince: bigint | undefined

  constructor(context: LockContext) {
    this.#context = context
  }

  has(ticket: string): boolean {
    return this.#idle.has(ticket)
  }

  /** Notes which waiter is at the head, and whether the lock is free meanwhile. */
  note(paths: ResourcePaths, ahead: readonly string[]): void {
    const head = parseTicketName(ahead.find((name) => !this.#idle.has(name)) ?? '')
    if (head === undefined) return
    const now = this.#context.clock.monotonicNs()
    const isFree = findLiveHolders(this.#context, paths).length === 0
    if (!isFree || head.text !== this.#head || this.#freeSince === undefined) {
      this.#head = head.text
      this.#freeSince = isFree ? now : undefined
      return
    }
    if (now - this.#freeSince < PATIENCE_NS) return
    this.#freeSince = undefined
    this.#idle.add(head.text)
    // If it is alive, it writes its ticket again, under the same name; otherwise no other process could remove it.
    if (this.#context.judge(head.identity) === 'unknown')
      this.#context.fileSystem.unlink(entryPath(paths.queue, head.text))
  }
}
