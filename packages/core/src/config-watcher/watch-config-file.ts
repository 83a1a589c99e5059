import { basename, dirname, join, resolve } from 'node:path'

import { debug, say } from '../diagnostics/message.js'
import type { ConfigChanged } from '../events/standard-events.js'
import { isCliOpsError } from '../errors/cli-ops-error.js'
import { describe } from '../names/assert-name.js'
import { readConfigFile, versionOf } from './config-file.js'
import { type ConfigFormat, resolveFormat } from './config-format.js'
import { changesBetween, type FlatConfig } from './flatten-config.js'

/** A file that has not changed for so long has been written to its end. */
const SETTLE_MS = 50
/** How often the file is looked at without a hint: watchers lose the last of two changes that follow each other closely. */
const LOOK_EVERY_MS = 1000
const RETRY_AFTER_MS = 1000

/** What a watcher needs of an `EventBus`; its event map has to know `config:changed`. */
export interface ConfigBus {
  emit(type: 'config:changed', data: ConfigChanged): Promise<unknown>
}

/** Options of {@link watchConfigFile}. */
export interface WatchConfigOptions {
  /** Where `config:changed` is emitted. Its rate limit delays changes and loses none, except under `drop`. */
  readonly bus: ConfigBus
  /** Ends the watch. */
  readonly signal?: AbortSignal | undefined
  /** @default by the extension: `.json`, `.yaml`, `.yml`, `.toml` */
  readonly format?: ConfigFormat | undefined
}

/** A configuration file that is being watched. It keeps no process alive. */
export interface ConfigWatcher {
  /** Resolves when the present content is known: what changes from then on is emitted. */
  readonly ready: Promise<void>
  /** Ends the watch. Doing it twice does nothing. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Emits `config:changed` with `{ key, value }` for every key of a JSON, YAML or TOML file that changes, whoever changes
 * it and however: in place, by rename, or by removing the file. Nested keys are joined with dots, and the value of a
 * removed key is `null`. While the file cannot be parsed, the last good content stands, and one warning is written.
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
  const format = resolveFormat(path, options.format)
  const { bus, signal } = options
  if (typeof bus?.emit !== 'function') {
    throw new TypeError(`bus must be an EventBus, got ${describe(bus)}`)
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`signal must be an AbortSignal, got ${describe(signal)}`)
  }
  return new FileWatcher(resolve(path), format, options)
}

class FileWatcher implements ConfigWatcher {
  readonly ready: Promise<void>
  readonly #path: string
  readonly #format: ConfigFormat
  readonly #bus: ConfigBus
  readonly #signal: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout
  #watcher: { close(): Promise<void> } | undefined
  /** What the file says. */
  #current: FlatConfig = new Map()
  /** What subscribers know of it. */
  readonly #announced = new Map<string, string>()
  #version = ''
  #warned = false
  #working = false
  #hinted = false
  #closed = false
  /** Lets `ready` resolve when the watch is closed before it began. */
  #stopWaiting: () => void = () => undefined

  constructor(path: string, format: ConfigFormat, { bus, signal }: WatchConfigOptions) {
    this.#path = path
    this.#format = format
    this.#bus = bus
    this.#signal = signal
    this.#timer = setInterval(() => {
      if (versionOf(this.#path) !== this.#version) this.#hint()
    }, LOOK_EVERY_MS).unref()
    signal?.addEventListener('abort', this.#abort, { once: true })
    this.ready = this.#start()
    this.ready.catch(() => undefined)
    if (signal?.aborted === true) this.#abort()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    this.#signal?.removeEventListener('abort', this.#abort)
    this.#stopWaiting()
    await this.#watcher?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  readonly #abort = (): void => {
    void this.close()
  }

  async #start(): Promise<void> {
    await this.#read()
    for (const [key, json] of this.#current) this.#announced.set(key, json)
    const { watch } = await import('chokidar')
    if (this.#closed) return
    // The directory is watched, so that a file that is missing, or replaced by rename, is seen to come.
    const directory = dirname(this.#path)
    const file = join(directory, basename(this.#path))
    const watcher = watch(directory, {
      persistent: false,
      ignoreInitial: true,
      depth: 0,
      ignored: (name) => resolve(name) !== directory && resolve(name) !== file,
    })
    watcher.on('all', () => this.#hint())
    watcher.on('error', (error) => debug(() => `watching ${directory}: ${String(error)}`))
    this.#watcher = watcher
    // Between the reading and the watch nobody looked.
    await new Promise<void>((done) => {
      watcher.once('ready', () => done())
      this.#stopWaiting = done
    })
    if (versionOf(this.#path) !== this.#version) this.#hint()
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
      await this.#settle()
      await this.#read()
      await this.#announce()
      if (versionOf(this.#path) !== this.#version) this.#hinted = true
    }
  }

  /** Waits until the file has not changed for a moment. */
  async #settle(): Promise<void> {
    for (;;) {
      const before = versionOf(this.#path)
      await pause(SETTLE_MS)
      if (this.#closed || versionOf(this.#path) === before) return
    }
  }

  async #read(): Promise<void> {
    const version = versionOf(this.#path)
    try {
      this.#current = (await readConfigFile(this.#path, this.#format)) ?? this.#current
      this.#warned = false
    } catch (error) {
      // Once for each time that it turns bad: it may be garbage for as long as somebody edits it.
      if (!this.#warned) say(`${this.#path} is not used as it is now: ${messageOf(error)}`)
      this.#warned = true
    }
    // Noted from before the reading: a change in between makes for one more reading.
    this.#version = version
  }

  /** Emits the difference between what is known and what is so, one key at a time. */
  async #announce(): Promise<void> {
    while (!this.#closed) {
      const change = changesBetween(this.#announced, this.#current).next()
      if (change.done === true) return
      const { key, value } = change.value
      const json = this.#current.get(key)
      try {
        await this.#bus.emit('config:changed', { key, value })
      } catch (error) {
        if (!isCliOpsError(error) || !error.retryable) {
          say(`the change of "${key}" in ${this.#path} is not announced: ${messageOf(error)}`)
        } else {
          const { retryAfterMs } = error.details ?? {}
          await pause(typeof retryAfterMs === 'number' ? retryAfterMs : RETRY_AFTER_MS)
          continue
        }
      }
      if (json === undefined) this.#announced.delete(key)
      else this.#announced.set(key, json)
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms)
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)
}
