import type { LockGrant } from './contract/lock-driver.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { INSPECT, type InspectArguments, inspection } from '../base/terminal/inspection.js'
import { atExit } from '../base/process/at-exit.js'
import { lockLostError } from './lock-errors.js'
import { enterHolding, type FlowLock, runHolding } from './lock-flow.js'
import type { Lock, LockMode } from './contract/lock-types.js'
import type { SlotGrant } from './slots/slot-request.js'

/** A lock as its user holds it. It is released at the latest when the process exits normally. */
export class HeldLock implements Lock, FlowLock {
  /** Kept where the bundle renames classes: Node shows it for an object and in a stack. */
  static readonly name = 'Lock'
  readonly resource: string
  readonly mode: LockMode
  readonly scope: string
  readonly slot: string | undefined
  #grant: LockGrant
  readonly #onReleased: (lock: HeldLock) => void
  #controller: AbortController | undefined
  #stopWatching: () => void = () => undefined
  #forgetExit: () => void = () => undefined
  #released = false
  #releasing: Promise<void> | undefined

  constructor(
    scope: string,
    resource: string,
    mode: LockMode,
    grant: SlotGrant,
    onReleased: (lock: HeldLock) => void,
    isForAnother = false,
  ) {
    this.scope = scope
    this.resource = resource
    this.mode = mode
    this.slot = grant.slot
    this.#grant = grant
    this.#onReleased = onReleased
    // A lock held on behalf of another process ends with that process.
    if (grant.releaseSync !== undefined && !isForAnother)
      this.#forgetExit = atExit(() => this.releaseSync())
  }

  get id(): string {
    return this.#grant.id
  }

  get token(): bigint {
    return this.#grant.token
  }

  /** After the release: whether the lock had already been taken away. False if the engine cannot tell. */
  get wasGone(): boolean {
    return this.#grant.wasGone?.() ?? false
  }

  // Watching starts on first access: most locks are released without anyone using the signal.
  get signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal
    const controller = (this.#controller = new AbortController())
    const lose = (): void => controller.abort(lockLostError(this.resource, this.id))
    if (this.#released) return controller.signal
    if (this.#grant.isHeld()) this.#stopWatching = this.#grant.onLost(lose)
    else lose()
    return controller.signal
  }

  /** Adds something to be released and watched together with the lock. Call it before handing out the lock. */
  under(wrap: (grant: LockGrant) => LockGrant): this {
    this.#grant = wrap(this.#grant)
    return this
  }

  run<T>(callback: () => T): T {
    return runHolding(this, callback)
  }

  enter(): void {
    enterHolding(this)
  }

  isActive(): boolean {
    return !this.#released
  }

  assertHeld(): void {
    if (this.#released || !this.#grant.isHeld())
      throw lockLostError(this.resource, this.id, this.#released)
  }

  async release(): Promise<void> {
    if (this.#released) return this.#releasing
    this.#begin()
    this.#releasing = this.#finish()
    return this.#releasing
  }

  releaseSync(): void {
    if (this.#released) return
    if (this.#grant.releaseSync === undefined) {
      throw new CliOpsError(
        'UNSUPPORTED',
        'this driver needs the network, so it cannot release synchronously; use release',
      )
    }
    this.#begin()
    try {
      this.#grant.releaseSync()
    } catch (error) {
      this.#released = false
      throw error
    }
    this.#end()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  [INSPECT](...args: InspectArguments): string {
    const { resource, id, mode, slot, token } = this
    const state = this.#released ? 'released' : this.#grant.isHeld() ? 'held' : 'lost'
    const facts = { resource, id, mode, ...(slot !== undefined && { slot }), token, state }
    return inspection('Lock', facts, args)
  }

  #begin(): void {
    this.#released = true
    this.#stopWatching()
  }

  async #finish(): Promise<void> {
    try {
      await this.#grant.release()
    } catch (error) {
      // Still held: another call, or the exit handler, can retry.
      this.#released = false
      throw error
    }
    this.#end()
  }

  #end(): void {
    this.#forgetExit()
    this.#onReleased(this)
  }
}
