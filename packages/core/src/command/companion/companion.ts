import { CliOpsError } from '../../base/errors/cli-ops-error.js'
import type { OpenCommand } from '../../registry/contract/registry-driver.js'
import { locksOfFlow } from '../../locks/lock-flow.js'
import type { LockInfo } from '../../locks/contract/lock-types.js'
import type { ConnectionOptions } from '../../engine/connection-options.js'
import { ownProcess } from '../../base/process/own-process.js'
import type { Instance } from '../host/instance.js'
import { isKeptUpToDate } from '../waiting/wait-display.js'
import { CompanionGrant } from './companion-grant.js'
import { CompanionPipes } from './companion-pipes.js'
import type { CompanionMessage, LockOrder, OrderedLock, ReportedError } from './messages.js'

/** How long the end of a container can wait for the companion. */
const LAST_WORDS_MS = 2_000

/** Options for requesting a lock. */
export interface CompanionLockOptions extends OrderedLock {
  /** Called with the current holder whenever it changes; on a terminal, and while the host blocks, also about once a second. */
  readonly onWait?: ((info: LockInfo) => void) | undefined
}

/** An event that a command emits. */
export interface AppendedEvent {
  readonly json: string
  /** The command that this event begins or ends. */
  readonly begins?: OpenCommand | undefined
  readonly ends?: OpenCommand | undefined
}

interface Ask {
  readonly onWait: ((info: LockInfo) => void) | undefined
  readonly settle: (result: CompanionGrant | Error) => void
  info: LockInfo | undefined
}

/**
 * A process beside this one, for what a command does on an engine across the network. It connects, stores the events in
 * order, registers the instance, and takes, renews and releases locks. This process neither waits for it nor loads the
 * engine's client. When this process ends, in whatever way, the companion releases everything.
 */
export class Companion {
  readonly #pipes: CompanionPipes
  readonly #onFailure: (error: Error) => void
  readonly #asks = new Map<number, Ask>()
  readonly #grants = new Map<string, CompanionGrant>()
  #count = 0
  #isRegistered = false
  #isFinished = false
  #knowsFailure = false
  #hasEnded = false

  /**
   * @param file what it runs
   * @param onFailure told where events or the registry cannot be used
   * @throws CliOpsError `ENGINE_UNAVAILABLE`
   */
  constructor(file: string, connection: ConnectionOptions, onFailure: (error: Error) => void) {
    this.#onFailure = onFailure
    this.#pipes = new CompanionPipes(file, {
      onMessage: (message) => this.#onMessage(message),
      onEnd: () => this.#onEnd(),
    })
    const { instance, name, startedAt } = ownProcess()
    const host = { pid: process.pid, instance, name, startedAt, script: process.argv[1] }
    this.#pipes.send({ kind: 'start', connection, host })
  }

  /** False once the companion was killed: a new one can be started. */
  get isThere(): boolean {
    return !this.#hasEnded
  }

  /** Registers the instance, for as long as the process lives. */
  register(_owner: object, { name, version }: Instance): void {
    if (!this.#isRegistered) this.#pipes.send({ kind: 'register', name, version })
    this.#isRegistered = true
  }

  /**
   * Sends an event. If this process is killed between the event that begins a command and the one that ends it, `command:failed` is
   * stored.
   */
  append({ json, begins, ends }: AppendedEvent): void {
    this.#pipes.send({ kind: 'append', json, begins, ends: ends?.endId })
  }

  /**
   * Takes a lock before it returns, in order of arrival.
   *
   * @throws CliOpsError `LOCK_HELD`, `LOCK_TIMEOUT`, `LOCK_DEADLOCK`, `ENGINE_UNAVAILABLE`; `UNSUPPORTED` on Windows; errors of `onWait`, which end the wait
   */
  takeSync(resource: string, options: CompanionLockOptions): CompanionGrant {
    if (!this.#pipes.canWait) {
      const reason = `${JSON.stringify(resource)} is a lock of an engine, which a synchronous program cannot wait for on this platform`
      throw new CliOpsError('UNSUPPORTED', reason)
    }
    let result: CompanionGrant | Error | undefined
    this.#pipes.waitUntil(
      () => result !== undefined,
      () => {
        this.#ask(resource, options, true, (settled) => (result = settled))
      },
    )
    if (result instanceof CompanionGrant) return result
    throw result ?? companionEnded()
  }

  /**
   * Like {@link takeSync}, for callers that can await. Keeps the process alive meanwhile. `signal` ends the wait, with its
   * reason.
   */
  async take(
    resource: string,
    options: CompanionLockOptions,
    signal: AbortSignal,
  ): Promise<CompanionGrant> {
    const result = await new Promise<CompanionGrant | Error>((resolve) => {
      const ask = this.#ask(resource, options, false, resolve)
      this.#pipes.ref()
      signal.addEventListener('abort', () => this.#leave(ask, signal.reason as Error))
    })
    if (this.#asks.size === 0) this.#pipes.unref()
    if (result instanceof CompanionGrant) return result
    throw result
  }

  /** Returns whether this process holds a resource through its companion. */
  holds(resource: string): boolean {
    return [...this.#grants.values()].some((grant) => grant.resource === resource)
  }

  /**
   * Sends the last message before this process exits. Returns immediately, unless a whole container ends with the
   * process.
   */
  finish(): void {
    if (this.#isFinished) return
    // A synchronous program has not read any failure yet.
    this.#pipes.readArrived()
    this.#pipes.send({ kind: 'end', knows: this.#knowsFailure })
    this.#isFinished = true
    if (endsWithContainer()) this.#pipes.waitForEnd(LAST_WORDS_MS)
  }

  #ask(
    resource: string,
    { onWait, ...options }: CompanionLockOptions,
    isBlocked: boolean,
    settle: Ask['settle'],
  ): number {
    const held = locksOfFlow().map(({ id }) => id)
    const { command } = ownProcess()
    const ask = (this.#count += 1)
    if (this.#hasEnded || this.#isFinished) {
      settle(companionEnded())
      return ask
    }
    this.#asks.set(ask, { onWait, settle, info: undefined })
    const isWatched = onWait !== undefined && isKeptUpToDate()
    const order: LockOrder = { ask, resource, options, held, command, isBlocked, isWatched }
    this.#pipes.send({ kind: 'take', ...order })
    return ask
  }

  #leave(ask: number, reason: Error): void {
    if (!this.#asks.has(ask)) return
    this.#settle(ask, reason)
    this.#pipes.send({ kind: 'leave', ask })
  }

  #onMessage(message: CompanionMessage): void {
    switch (message.kind) {
      case 'failed':
        this.#knowsFailure = true
        this.#onFailure(new Error(message.reason))
        return
      case 'waiting':
        this.#onWaiting(message)
        return
      case 'granted': {
        const { id } = message
        const grant = new CompanionGrant(message, {
          readArrived: () => this.#pipes.readArrived(),
          release: () => this.#release(id),
        })
        this.#grants.set(id, grant)
        if (this.#asks.has(message.ask)) this.#settle(message.ask, grant)
        else grant.releaseSync()
        return
      }
      case 'refused':
        this.#settle(message.ask, errorOf(message.error))
        return
      case 'renewed':
        this.#grants.get(message.id)?.renew(message.endsAt)
        return
      default:
        this.#grants.get(message.id)?.lose()
        this.#grants.delete(message.id)
    }
  }

  #onWaiting({ ask: number, info }: Extract<CompanionMessage, { kind: 'waiting' }>): void {
    const ask = this.#asks.get(number)
    if (ask === undefined) return
    ask.info = info ?? ask.info
    try {
      if (ask.info !== undefined) ask.onWait?.(ask.info)
    } catch (error) {
      this.#leave(number, error as Error)
    }
  }

  #settle(number: number, result: CompanionGrant | Error): void {
    const ask = this.#asks.get(number)
    this.#asks.delete(number)
    ask?.settle(result)
  }

  #release(id: string): void {
    this.#grants.delete(id)
    if (!this.#isFinished) this.#pipes.send({ kind: 'release', id })
  }

  #onEnd(): void {
    this.#hasEnded = true
    for (const number of [...this.#asks.keys()]) this.#settle(number, companionEnded())
    for (const grant of this.#grants.values()) grant.lose()
    this.#grants.clear()
    if (!this.#isFinished) this.#onFailure(companionEnded())
  }
}

/** When a container's first process ends, or its init's only child, all others are killed at the same moment. */
function endsWithContainer(): boolean {
  return process.pid === 1 || process.ppid === 1
}

function companionEnded(): CliOpsError {
  return new CliOpsError(
    'ENGINE_UNAVAILABLE',
    'the process that keeps locks and events on the engine has ended',
  )
}

function errorOf({ code, message, details }: ReportedError): Error {
  if (code === undefined) return new TypeError(message)
  return new CliOpsError(code, message, details === undefined ? {} : { details })
}
