import { assertKnown } from '../base/validation/assert-known.js'
import { CONNECTION_FIELDS, FIELDS_OF_OTHERS } from '../engine/connection-fields.js'
import type { Clock } from '../base/wait/clock.js'
import { clockFor } from '../engine/clock-for.js'
import { debug } from '../base/terminal/message.js'
import type { LockDriver, LockWait } from './contract/lock-driver.js'
import { type DriverHandle, openDriver } from '../engine/open-driver.js'
import { lookBriefly } from '../base/wait/look-briefly.js'
import type { MaybePromise } from '../base/wait/maybe-promise.js'
import { untilAborted } from '../base/wait/race.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { assertName } from '../base/names/assert-name.js'
import type { ConnectionOptions } from '../engine/connection-options.js'
import { monotonicMs } from '../base/process/monotonic-time.js'
import { assertLockOptions } from './assert-lock-options.js'
import { seesAncestors } from './contract/outer-locks.js'
import { HeldLock } from './held-lock.js'
import { becomeLatest } from './latest-waiter.js'
import {
  lockHeldError,
  lockSupersededError,
  lockTimeoutError,
  ownDeadlockError,
} from './lock-errors.js'
import { lockOfFlow, slotsOfFlow } from './lock-flow.js'
import { createLockRequest } from './lock-request.js'
import { handleScope } from './lock-scope.js'
import type { Lock, LockInfo, LockOptions } from './contract/lock-types.js'
import { assertTimeoutMs, timeoutFromEnvironment, WaitLimit } from './lock-wait.js'
import { type SlotGrant, type SlotRequest, wantsSlots } from './slots/slot-request.js'
import { slotNames } from './slots/slot-set.js'
import { inspectSlots } from './slots/inspect-slots.js'
import { withSlots } from './slots/with-slots.js'
import { tellWaiting } from './tell-waiting.js'
import { closedError } from '../base/errors/closed-error.js'

/** Options of a {@link LockManager}. */
export interface LockManagerOptions extends ConnectionOptions {
  /**
   * Default timeout of an acquisition, in milliseconds.
   * @default `CLI_OPS_LOCK_TIMEOUT_MS`, else without limit
   */
  readonly timeoutMs?: number | undefined
}

const MANAGER_OPTIONS = Object.keys({
  timeoutMs: true,
  ...CONNECTION_FIELDS,
} satisfies Record<keyof LockManagerOptions, true>)

/**
 * Locks on named resources, shared by every process of this user (or of the engine behind the URL). One owner holds a lock, or several
 * in shared mode. Waiters are served in the order of arrival. The next process that wants the lock recognises and removes what a crash
 * left behind.
 *
 * @throws TypeError when an option is wrong
 * @example
 * ```ts
 * const locks = new LockManager('config-file')
 * await locks.acquire(async () => {
 *   // Only one process at a time is here.
 * })
 * ```
 */
export class LockManager {
  /** Kept where the bundle renames classes: Node shows it for an object and in a stack. */
  static readonly name = 'LockManager'
  readonly #resource: string | undefined
  readonly #timeoutMs: number
  readonly #options: ConnectionOptions
  readonly #handle: DriverHandle<'locks'>
  readonly #scope: string
  readonly #clock: Clock
  readonly #held = new Set<HeldLock>()
  readonly #closing = new AbortController()
  #closed: Promise<void> | undefined

  /** @param resource the resource for methods called without one */
  constructor(resource?: string, options?: LockManagerOptions)
  constructor(options?: LockManagerOptions)
  constructor(first?: string | LockManagerOptions, second?: LockManagerOptions) {
    const isUnnamed = typeof first === 'object' && second === undefined
    const options = isUnnamed ? first : second === undefined ? {} : second
    const resource = isUnnamed ? undefined : first
    // Also refuses options in the place of the resource, which the second ones would replace.
    if (resource !== undefined) assertName('resource', resource)
    assertKnown('options', options, MANAGER_OPTIONS, FIELDS_OF_OTHERS)
    if (options.timeoutMs !== undefined) assertTimeoutMs('timeoutMs', options.timeoutMs)
    this.#resource = resource
    this.#timeoutMs = options.timeoutMs ?? timeoutFromEnvironment()
    this.#options = options
    this.#handle = openDriver(options, 'locks')
    this.#clock = clockFor(options)
    this.#scope = handleScope(options)
  }

  /** True if {@link tryLockSync} and `releaseSync` work: on the embedded drivers. */
  get isSynchronous(): boolean {
    return this.#handle.now?.locks?.tryAcquireSync !== undefined
  }

  /**
   * Runs a callback while holding the lock, and resolves to its result. The lock is released whether the callback returns or throws.
   *
   * The callback and everything it awaits are one flow. A request for the same resource inside it is rejected immediately with
   * `LOCK_DEADLOCK`, unless both are shared.
   *
   * @throws CliOpsError `LOCK_TIMEOUT`, `LOCK_HELD` (with `timeoutMs: 0`), `LOCK_DEADLOCK`, `STORAGE_FAILED`, `INSECURE_DIRECTORY`,
   *   `UNSUPPORTED`, `CLOSED`; the reason of `options.signal`; whatever the callback throws
   */
  acquire<T>(callback: (lock: Lock) => T | Promise<T>, options?: LockOptions): Promise<T>
  acquire<T>(
    resource: string,
    callback: (lock: Lock) => T | Promise<T>,
    options?: LockOptions,
  ): Promise<T>
  async acquire<T>(
    first: string | ((lock: Lock) => T | Promise<T>),
    second?: ((lock: Lock) => T | Promise<T>) | LockOptions,
    third?: LockOptions,
  ): Promise<T> {
    const [resource, callback, options] =
      typeof first === 'function' ? [undefined, first, second] : [first, second, third]
    if (typeof callback !== 'function') throw new TypeError('callback must be a function')
    const lock = await this.#obtain(resource, inFlow(options as LockOptions | undefined))
    let result: T
    try {
      result = await lock.run(() => callback(lock))
    } catch (error) {
      // The caller needs the error from under the lock, not the one from its release.
      await lock.release().catch((failure: unknown) => {
        debug(() => `cannot release ${lock.resource}: ${String(failure)}`)
      })
      throw error
    }
    await lock.release()
    return result
  }

  /**
   * Takes the lock until it is released: `await using lock = await locks.lock('db')`. Throws like {@link acquire}. Without a callback,
   * a nested request is detected as a deadlock only inside `lock.run`.
   */
  async lock(resource?: string, options?: LockOptions): Promise<Lock> {
    return this.#obtain(resource, options)
  }

  /**
   * Takes the lock if it is free; otherwise resolves to `null`. `timeoutMs` and `onWait` have no effect.
   *
   * @throws CliOpsError `LOCK_DEADLOCK` if the running flow already holds it, since no retry would succeed; otherwise like
   *   {@link acquire}
   */
  async tryLock(resource?: string, options: LockOptions = {}): Promise<Lock | null> {
    const name = this.#nameOf(resource)
    assertLockOptions(options)
    options.signal?.throwIfAborted()
    const own = this.#driverNow() ?? (await untilAborted(this.#driver(), options.signal))
    const driver = inNameOf(own, options)
    const request = this.#withoutOwn(newRequest(name, options))
    const trying = driver.tryAcquire(request)
    const grant = await (trying instanceof Promise
      ? untilAborted(trying, options.signal).catch((error: unknown) => {
          // The caller no longer waits for it.
          void trying.then((late) => late?.release()).catch(() => undefined)
          throw error
        })
      : trying)
    if (grant === null) return null
    const lock = this.#hold(request, grant, options)
    if (options.signal?.aborted !== true) return lock
    await lock.release()
    throw options.signal.reason
  }

  /**
   * Like {@link tryLock}, but synchronous.
   *
   * @throws CliOpsError `UNSUPPORTED` on drivers that need the network; otherwise like {@link tryLock}
   */
  tryLockSync(resource?: string, options: LockOptions = {}): Lock | null {
    const name = this.#nameOf(resource)
    assertLockOptions(options)
    options.signal?.throwIfAborted()
    const driver = this.#driverNow()
    if (driver?.tryAcquireSync === undefined) {
      throw new CliOpsError('UNSUPPORTED', 'tryLockSync needs an embedded driver; use tryLock')
    }
    const request = this.#withoutOwn(newRequest(name, options))
    const asked = inNameOf(driver, options)
    const grant = asked.tryAcquireSync?.(request) ?? null
    return grant === null ? null : this.#hold(request, grant, options)
  }

  /**
   * Locks a file as proper-lockfile does, so tools that use proper-lockfile wait as well. It also takes a named lock, so users of this
   * kit wait in order and never race for a stale lock. The file need not exist; its directory must.
   *
   * `release()` releases the named lock once `<path>.lock` is gone. If that cannot be removed, it rejects with `STORAGE_FAILED`, with
   * the remaining `path` and the `errno` in `details`, and keeps the named lock; call it again to retry. After the first attempt
   * `assertHeld()` throws, since the file is no longer renewed and other tools can take it over after 10 s. When the process ends,
   * users of this kit can take the named lock immediately.
   *
   * @throws CliOpsError like {@link acquire}; `LOCK_HELD` and `LOCK_TIMEOUT` also for another tool's lock
   */
  async lockFile(path: string, options: LockOptions = {}): Promise<Lock> {
    assertLockOptions(options)
    const { lockFile } = await import('./file-lock.js')
    const limit = { ...options, timeoutMs: options.timeoutMs ?? this.#timeoutMs }
    return lockFile(path, limit, {
      main: (resource, rest) => this.#obtain(resource, rest),
      alias: async (resource, shownAs, rest) => {
        const { timeoutMs = Infinity } = rest
        const driver = this.#driverNow() ?? (await this.#driver())
        const names = driver.aliases ?? driver
        return this.#take(names, resource, rest, { timeoutMs, spentMs: 0, shownAs })
      },
    })
  }

  /** Returns whether a live process holds the lock. */
  async isLocked(resource?: string): Promise<boolean> {
    const info = await this.inspect(resource)
    return info !== null && info.id !== ''
  }

  /** Describes the lock; `null` if nobody holds it or waits for it. */
  async inspect(resource?: string): Promise<LockInfo | null> {
    const name = this.#nameOf(resource)
    return (await this.#driver()).inspect(name)
  }

  /** Describes all locks that are held or waited for. */
  async list(): Promise<LockInfo[]> {
    return (await this.#driver()).list()
  }

  /**
   * Releases only the grant with this id, by force. Resolves to false if that id does not hold the lock, or no longer does.
   * The event `lock:forced` names both parties.
   */
  async forceRelease(resource: string, lockId: string): Promise<boolean> {
    assertName('resource', resource)
    assertName('lockId', lockId)
    const driver = await this.#driver()
    const before = await lookBriefly(() => driver.inspect(resource))
    const released = await driver.forceRelease(resource, lockId)
    if (released) {
      const { noteForced } = await import('./history/note-forced.js')
      await noteForced(this.#options, { resource, id: lockId, before })
    }
    return released
  }

  /** Removes what dead processes left, and resolves to the locks that were freed. */
  async cleanStaleLocks(): Promise<LockInfo[]> {
    return (await this.#driver()).clean()
  }

  /**
   * Releases the locks of this manager, ends its waits with `CLOSED`, and closes the driver. Further calls wait for the same end.
   */
  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#closing.abort(closedError('this LockManager'))
    const released = await Promise.allSettled([...this.#held].map((lock) => lock.release()))
    await this.#handle.close()
    const failed = released.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  async #obtain(resource: string | undefined, options: LockOptions = {}): Promise<HeldLock> {
    const name = this.#nameOf(resource)
    assertLockOptions(options)
    options.signal?.throwIfAborted()
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs
    // No await up to here on an embedded driver, so a free lock is taken within the call.
    const now = this.#driverNow()
    if (now !== undefined) return this.#take(now, name, options, { timeoutMs, spentMs: 0 })
    const began = monotonicMs()
    const driver = await this.#driverWithin(timeoutMs, options.signal)
    return this.#take(driver, name, options, { timeoutMs, spentMs: monotonicMs() - began })
  }

  async #take(
    ownDriver: LockDriver,
    name: string,
    options: LockOptions,
    patience: Patience,
  ): Promise<HeldLock> {
    const driver = inNameOf(ownDriver, options)
    const isOneTry = patience.timeoutMs === 0
    const request = this.#withoutOwn({ ...newRequest(name, options), waits: !isOneTry })
    const grant =
      driver.tryAcquireSync?.(request) ?? (isOneTry ? await driver.tryAcquire(request) : null)
    if (grant !== null) return this.#hold(request, grant, options)
    if (isOneTry)
      throw lockHeldError(patience.shownAs ?? name, await inspectBriefly(driver, request))
    return this.#waitFor(driver, request, patience, options)
  }

  async #waitFor(
    driver: LockDriver,
    request: SlotRequest,
    { timeoutMs, spentMs, shownAs = request.resource }: Patience,
    options: LockOptions,
  ): Promise<HeldLock> {
    const { signal, onWait } = options
    const limit = new WaitLimit(
      Math.max(0, timeoutMs - spentMs),
      [signal, this.#closing.signal],
      this.#clock,
    )
    let told: LockInfo | undefined
    const tell = (info: LockInfo): void => {
      told = info
      const shown = info.resource === shownAs ? info : { ...info, resource: shownAs }
      tellWaiting(onWait, shown, (error) => {
        limit.end(error)
      })
    }
    const latest =
      options.queue === 'latest'
        ? becomeLatest(driver, request, (newer) => {
            limit.end(lockSupersededError(shownAs, newer))
          })
        : undefined
    latest?.ready.catch((error: unknown) => {
      limit.end(error)
    })
    try {
      const grant = await acquire(driver, request, {
        signal: limit.signal,
        onWait: onWait === undefined ? undefined : tell,
        isBusy: driver.tryAcquireSync !== undefined,
      })
      return this.#hold(request, grant, options)
    } catch (error) {
      if (!limit.timedOut || error !== limit.signal.reason) throw error
      const info = await inspectBriefly(driver, request)
      const isClosed = (info === null || info.id === '') && told?.closedUntil !== undefined
      throw lockTimeoutError(shownAs, (isClosed ? told : info) ?? null, timeoutMs)
    } finally {
      limit.dispose()
      latest?.stop()
    }
  }

  #hold({ resource, mode }: SlotRequest, grant: SlotGrant, { ownerPid }: LockOptions): HeldLock {
    const forget = (): void => void this.#held.delete(lock)
    const lock = new HeldLock(this.#scope, resource, mode, grant, forget, ownerPid !== undefined)
    this.#held.add(lock)
    return lock
  }

  /** Leaves out what the running flow already holds, which would never become free. */
  #withoutOwn(request: SlotRequest): SlotRequest {
    // The disabled driver grants everything, nested requests too.
    if (this.#handle.now?.name === 'disabled') return request
    const { resource, mode } = request
    if (wantsSlots(request)) {
      const own = slotsOfFlow(this.#scope, resource)
      const slots = request.slots.filter((slot) => !own.some((lock) => lock.slot === slot))
      if (slots.length === 0) throw ownDeadlockError(resource, own[0]?.id ?? '')
      return { ...request, slots }
    }
    const own = lockOfFlow(this.#scope, resource)
    if (own === undefined || (own.mode === 'shared' && mode === 'shared')) return request
    throw ownDeadlockError(resource, own.id)
  }

  #nameOf(resource: string | undefined): string {
    const name = resource ?? this.#resource
    if (name === undefined) {
      throw new TypeError(
        'resource must be given here, since the LockManager was created without one',
      )
    }
    assertName('resource', name)
    return name
  }

  #driverNow(): LockDriver | undefined {
    this.#assertOpen()
    const locks = this.#handle.now?.locks
    return locks === undefined ? undefined : withSlots(locks)
  }

  /** Opens the driver, but waits for it no longer than for the lock itself. */
  async #driverWithin(timeoutMs: number, signal: AbortSignal | undefined): Promise<LockDriver> {
    const opening = this.#driver()
    // A single try has no timeout of its own; the engine's limit applies.
    if (timeoutMs === 0) return untilAborted(opening, signal)
    const limit = new WaitLimit(timeoutMs, [signal])
    try {
      return await untilAborted(opening, limit.signal)
    } catch (error) {
      if (!limit.timedOut || error !== limit.signal.reason) throw error
      const message = `the lock engine did not answer within ${timeoutMs} ms`
      throw new CliOpsError('ENGINE_UNAVAILABLE', message, { cause: error })
    } finally {
      limit.dispose()
    }
  }

  async #driver(): Promise<LockDriver> {
    this.#assertOpen()
    return withSlots((await this.#handle.open()).locks)
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw closedError('this LockManager')
  }
}

/** How long to wait for a lock. */
interface Patience {
  readonly timeoutMs: number
  readonly spentMs: number
  /** The resource to show to people, if it is a different one. */
  readonly shownAs?: string
}

/** Returns the driver that acts on behalf of the owner in the options. */
function inNameOf(driver: LockDriver, { ownerPid, partnerPid }: LockOptions): LockDriver {
  return ownerPid === undefined ? driver : (driver.ownedBy?.(ownerPid, partnerPid) ?? driver)
}

// Invalid options pass through unchanged; validation rejects them later.
function inFlow(options: LockOptions = {}): LockOptions {
  return typeof options === 'object' && options !== null ? { inFlow: true, ...options } : options
}

async function acquire(
  driver: LockDriver,
  request: SlotRequest,
  wait: LockWait,
): Promise<SlotGrant> {
  if (seesAncestors(driver)) return driver.acquire(request, wait)
  const { waitWithin } = await import('./wait-within.js')
  const enter = (signal: AbortSignal): Promise<SlotGrant> =>
    driver.acquire(request, { ...wait, signal })
  return waitWithin(driver, request, enter, wait.signal)
}

async function inspectBriefly(driver: LockDriver, request: SlotRequest): Promise<LockInfo | null> {
  const look = (): MaybePromise<LockInfo | null> =>
    wantsSlots(request) ? inspectSlots(driver, request) : driver.inspect(request.resource)
  return (await lookBriefly(look)) ?? null
}

function newRequest(resource: string, options: LockOptions): SlotRequest {
  const { slots } = options
  const request = createLockRequest(resource, options)
  return slots === undefined ? request : { ...request, slots: slotNames(slots) }
}
