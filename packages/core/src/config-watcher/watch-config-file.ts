import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { callSafely } from '../base/errors/call-safely.js'
import { errorText } from '../base/errors/error-text.js'
import { debug, say } from '../base/terminal/message.js'
import type { ConfigChanged } from '../events/standard-events.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { describe } from '../base/names/assert-name.js'
import { type FileVersion, readConfigFile, versionOf } from './config-file.js'
import { type ConfigFormat, resolveFormat } from './config-format.js'
import { changesBetween, type FlatConfig } from './flatten-config.js'
import { onAbort } from '../base/wait/abort-signal.js'
import { clearInterval, setInterval } from '../base/wait/own-timers.js'
import { assertKnown } from '../base/validation/assert-known.js'
import { assertSignal } from '../base/validation/assert-signal.js'

/** A file that has not changed for this long is complete. */
const SETTLE_MS = 50
/** The same for a file that lost keys in place: it might be truncated while it is being rewritten. */
const SETTLE_TRUNCATED_MS = 1000
/** Number of changes emitted together; the file is checked again between two lots. */
const MAX_LOT = 256
/** How often to check the file without a hint: watchers lose the second of two changes in quick succession. */
const LOOK_EVERY_MS = 1000
const RETRY_AFTER_MS = 1000

/** What a watcher needs from an `EventBus`, whose event map must include `config:changed`. */
export interface ConfigBus {
  emit(type: 'config:changed', data: ConfigChanged): Promise<unknown>
}

/** Options of {@link watchConfigFile}. */
export interface WatchConfigOptions {
  /** The bus that emits `config:changed`. Its rate limit delays changes but loses none, except with `drop`. */
  readonly bus: ConfigBus
  /** Ends the watch. */
  readonly signal?: AbortSignal | undefined
  /**
   * Called when the file cannot be accessed, read or parsed, once each time it becomes invalid.
   * @default one line on stderr
   */
  readonly onError?: ((error: unknown) => unknown) | undefined
  /** @default by the name: `.json`, `.env` and `.env.*`; `.jsonc` and `.json5` with the package json5, `.yaml` and `.yml` with yaml, `.toml` with smol-toml */
  readonly format?: ConfigFormat | undefined
}

/** A watched configuration file. It keeps no process alive. */
export interface ConfigWatcher {
  /**
   * Resolves once the current content is known; later changes are emitted. Rejects if the path cannot be accessed or is not a regular
   * file. It is watched anyway, and its content is emitted once it can be read.
   */
  readonly ready: Promise<void>
  /** Ends the watch. A second call does nothing. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Emits `config:changed` with `{ key, value }` for every changed key of a JSON, YAML, TOML or .env file, whether the file is changed
 * in place, renamed or removed. Nested keys are joined with dots, and the value of a removed key is `null`. While the file cannot be
 * read or parsed, the last valid content stays in effect, and one warning is written. Keys that disappear from a file written in place
 * count as removed once it has not changed for a second.
 *
 * Each process that watches a file emits its changes, so let one do it.
 *
 * @throws TypeError
 * @example
 * ```ts
 * const watcher = watchConfigFile('/home/me/.config/app.json', { bus })
 * bus.on('config:changed', ({ key, value }) => console.log(key, value))
 * ```
 */
export function watchConfigFile(path: string, options: WatchConfigOptions): ConfigWatcher {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new TypeError(`path must be the path of a file, got ${describe(path)}`)
  }
  assertKnown('options', options, ['bus', 'signal', 'onError', 'format'])
  const format = resolveFormat(path, options.format)
  const { bus, signal } = options
  if (typeof bus?.emit !== 'function') {
    throw new TypeError(`bus must be an EventBus, got ${describe(bus)}`)
  }
  assertSignal(signal)
  if (options.onError !== undefined && typeof options.onError !== 'function') {
    throw new TypeError(`onError must be a function, got ${describe(options.onError)}`)
  }
  return new FileWatcher(resolve(path), format, options)
}

class FileWatcher implements ConfigWatcher {
  /** Kept where the bundle renames classes: Node shows it for an object and in a stack. */
  static readonly name = 'ConfigWatcher'
  readonly ready: Promise<void>
  readonly #path: string
  readonly #format: ConfigFormat
  readonly #bus: ConfigBus
  #stopListening = (): void => undefined
  readonly #onError: WatchConfigOptions['onError']
  readonly #timer: NodeJS.Timeout
  #watcher: { close(): Promise<void> } | undefined
  /** The content of the file. */
  #current: FlatConfig = new Map()
  /** The content that subscribers know. */
  readonly #announced = new Map<string, string>()
  #version: FileVersion = { text: '' }
  #warned = false
  #working = false
  #hinted = false
  #closed = false
  /** Lets `ready` resolve if the watch is closed before it starts. */
  #stopWaiting: () => void = () => undefined

  constructor(path: string, format: ConfigFormat, { bus, signal, onError }: WatchConfigOptions) {
    this.#path = path
    this.#format = format
    this.#bus = bus
    this.#onError = onError
    this.#timer = setInterval(() => {
      if (this.#hasChanged()) this.#hint()
    }, LOOK_EVERY_MS).unref()
    this.ready = this.#start()
    this.ready.catch(() => undefined)
    this.#stopListening = onAbort(signal, () => void this.close())
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    this.#stopListening()
    this.#stopWaiting()
    await this.#watcher?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #start(): Promise<void> {
    await this.#read()
    for (const [key, json] of this.#current) this.#announced.set(key, json)
    const { watch } = await import('chokidar')
    if (this.#closed) return
    // Watches the directory, to notice a missing file that appears or one that is replaced by rename.
    const directory = dirname(this.#path)
    const file = join(directory, basename(this.#path))
    const watcher = watch(directory, {
      persistent: false,
      ignoreInitial: true,
      depth: 0,
      ignored: (name) => resolve(name) !== directory && resolve(name) !== file,
    })
    watcher.on('all', () => this.#hint())
    watcher.on('error', (error) => debug(() => `watching ${directory}: ${errorText(error)}`))
    this.#watcher = watcher
    // The file was not watched between the first read and this moment.
    await new Promise<void>((done) => {
      watcher.once('ready', () => done())
      this.#stopWaiting = done
    })
    if (this.#hasChanged()) this.#hint()
    const { error } = this.#version
    if (error !== undefined) throw error
  }

  #hasChanged(): boolean {
    return versionOf(this.#path).text !== this.#version.text
  }

  #hint(): void {
    this.#hinted = true
    if (this.#working) return
    this.#working = true
    void this.#work().finally(() => {
      this.#working = false
    })
  }

  async #work(): Promise<void> {
    while (!this.#closed && this.#hinted) {
      this.#hinted = false
      await this.#settle(SETTLE_MS)
      if (await this.#read()) await this.#announce()
      if (this.#hasChanged()) this.#hinted = true
    }
  }

  /** Waits until the file has not changed for this long. */
  async #settle(ms: number): Promise<void> {
    for (;;) {
      const before = versionOf(this.#path).text
      await delay(ms)
      if (this.#closed || versionOf(this.#path).text === before) return
    }
  }

  /** Returns false if the watch was closed meanwhile. */
  async #read(): Promise<boolean> {
    const previous = this.#version
    let found = await this.#look()
    if (found !== undefined && this.#mayBeTruncated(found, previous)) {
      await this.#settle(SETTLE_TRUNCATED_MS)
      found = await this.#look()
    }
    if (found !== undefined) this.#current = found
    return !this.#closed
  }

  async #look(): Promise<FlatConfig | undefined> {
    // Taken before the read: a change in between causes another read.
    this.#version = versionOf(this.#path)
    try {
      if (this.#version.error !== undefined) throw this.#version.error
      const found = await readConfigFile(this.#path, this.#format)
      this.#warned = false
      return found
    } catch (error) {
      // Reported once each time it becomes invalid: it can stay invalid while a person edits it.
      if (!this.#warned) this.#report(error)
      this.#warned = true
      return undefined
    }
  }

  /** A program that writes a file in place truncates it first; a file that replaces it is complete. */
  #mayBeTruncated(found: FlatConfig, { inode }: FileVersion): boolean {
    if (inode === undefined || inode !== this.#version.inode) return false
    for (const key of this.#current.keys()) if (!found.has(key)) return true
    return false
  }

  #report(error: unknown): void {
    const onError = this.#onError
    const warn = (reason: unknown): void => {
      say(`ignoring the current content of ${this.#path}: ${errorText(reason).split('\n', 1)[0]}`)
    }
    if (onError === undefined) warn(error)
    else callSafely(() => onError(error), warn)
  }

  /** Emits the difference between the known and the current content, until the file changes again. */
  async #announce(): Promise<void> {
    while (!this.#closed) {
      const changes = firstOf(changesBetween(this.#announced, this.#current), MAX_LOT)
      if (changes.length === 0) return
      const outcomes = await Promise.allSettled(
        changes.map(async (change) => this.#bus.emit('config:changed', change)),
      )
      let retryAfterMs = 0
      for (const [index, { key }] of changes.entries()) {
        const outcome = outcomes[index]
        if (outcome?.status === 'rejected') {
          const waitMs = retryAfter(outcome.reason)
          retryAfterMs = Math.max(retryAfterMs, waitMs ?? 0)
          if (waitMs !== undefined) continue
          say(
            `cannot announce the change of "${key}" in ${this.#path}: ${errorText(outcome.reason)}`,
          )
        }
        const json = this.#current.get(key)
        if (json === undefined) this.#announced.delete(key)
        else this.#announced.set(key, json)
      }
      if (retryAfterMs > 0) await delay(retryAfterMs)
      // The next announcement must reflect the file at that time.
      if (this.#hasChanged()) return
    }
  }
}

/** Returns how long to wait before emitting a change again; undefined if a retry would not help. */
function retryAfter(error: unknown): number | undefined {
  if (!isCliOpsError(error) || !error.retryable) return undefined
  const retryAfterMs = error.details?.['retryAfterMs']
  return typeof retryAfterMs === 'number' ? retryAfterMs : RETRY_AFTER_MS
}

function firstOf<T>(values: Iterable<T>, count: number): T[] {
  const first: T[] = []
  for (const value of values) {
    first.push(value)
    if (first.length === count) break
  }
  return first
}
