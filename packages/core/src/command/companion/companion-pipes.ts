import type { ChildProcess } from 'node:child_process'

import { errorText } from '../../base/errors/error-text.js'
import { systemErrorCode } from '../../base/errors/system-error-code.js'
import { CliOpsError } from '../../base/errors/cli-ops-error.js'
import { fs, path } from '../../base/builtins.js'
import { ownProcess } from '../../base/process/own-process.js'
import { blockFor } from '../../base/wait/block-for.js'
import { keeperTitle } from '../../locks/contract/keeper-title.js'
import { whileBlocked } from '../waiting/while-blocked.js'
import { encodeFrame, FrameReader } from './frames.js'
import type { CompanionMessage, HostMessage } from './messages.js'
import { plugNPlayOptions } from './plug-n-play.js'

/** A companion that reads nothing for this long, for example a stopped one, is treated as gone. */
const SEND_MS = 5_000
/** How often a host with Ctrl-C listeners checks for a reply: it must notice both. */
const LOOK_MS = 20
const NOT_PASSED_ON: ReadonlySet<string> = new Set(['NODE_OPTIONS', 'NODE_V8_COVERAGE'])
const FILE_VARIABLE = /^CLI_OPS_.*_FILE$|^NODE_EXTRA_CA_CERTS$/u
const END_LOOK_MS = 5
const PIECE_BYTES = 65_536

/** The libuv pipe beneath a stream, as far as it is used here. */
interface PipeHandle {
  readonly fd: number
  setBlocking(isBlocking: boolean): number
}

/** Receives what arrives. Both methods can be called while the host waits for something else. */
export interface PipesListener {
  onMessage(message: CompanionMessage): void
  /** Called when the companion has ended. */
  onEnd(): void
}

/**
 * Starts the companion and talks to it over two private pipes, which the host's children do not inherit. `send` returns once
 * the message has left, in an exit handler too. Synchronous code can wait for a reply.
 */
export class CompanionPipes {
  readonly #child: ChildProcess
  readonly #listener: PipesListener
  readonly #frames = new FrameReader()
  readonly #piece = Buffer.allocUnsafe(PIECE_BYTES)
  readonly #in: PipeHandle | undefined
  readonly #out: PipeHandle | undefined
  #hasEnded = false
  /** True during a wait that Ctrl-C can interrupt. */
  #isWaiting = false

  /** @throws CliOpsError `ENGINE_UNAVAILABLE` if no process can be started */
  constructor(file: string, listener: PipesListener) {
    this.#listener = listener
    this.#child = startCompanion(file)
    const { stdin, stdout } = this.#child
    this.#in = handleOf(stdin)
    this.#out = handleOf(stdout)
    // Nothing here keeps the host alive.
    this.#child.unref()
    this.unref()
    const end = (): void => {
      this.#end()
    }
    for (const emitter of [this.#child, stdin, stdout]) emitter?.on('error', end)
    stdout?.on('data', (piece: Buffer) => this.#read(piece)).on('close', end)
    ;(stdin as { unref?(): void } | null)?.unref?.()
  }

  /** True if {@link waitUntil} works: on Windows, pipes have no descriptor. */
  get canWait(): boolean {
    return this.#out !== undefined
  }

  /** Sends a message before it returns. */
  send(message: HostMessage): void {
    if (this.#hasEnded) return
    const frame = encodeFrame(message)
    // On Windows, an overlapped write has left too, as soon as there is room for it.
    if (this.#in === undefined) this.#child.stdin?.write(frame)
    else if (!writeAll(this.#in.fd, frame)) this.#end()
  }

  /** Reads what has arrived; nothing if a wait was interrupted, perhaps in the middle of a message. */
  readArrived(): void {
    while (!this.#hasEnded && !this.#isWaiting && this.#readOnce()) continue
  }

  /** Calls `ask` and blocks until `isDone`. As in any wait, Ctrl-C ends the process or reaches the host's own listeners. */
  waitUntil(isDone: () => boolean, ask: () => void): void {
    whileBlocked((isHeard) => {
      this.#isWaiting = isHeard
      try {
        ask()
        while (!isDone() && !this.#hasEnded) {
          if (!isHeard) this.#block()
          else if (!this.#readOnce()) blockFor(LOOK_MS)
        }
      } finally {
        // Not reached if Ctrl-C interrupts the wait.
        this.#isWaiting = false
      }
    })
  }

  /** Waits until the companion has ended, up to a limit. */
  waitForEnd(limitMs: number): void {
    for (let leftMs = limitMs; leftMs > 0 && !this.#hasEnded; leftMs -= END_LOOK_MS) {
      if (!this.#readOnce()) blockFor(END_LOOK_MS)
    }
  }

  /** Keeps the host alive for a reply. */
  ref(): void {
    ;(this.#child.stdout as { ref?(): void } | null)?.ref?.()
  }

  unref(): void {
    ;(this.#child.stdout as { unref?(): void } | null)?.unref?.()
  }

  /** Only a message, or a signal that ends the host, wakes it. */
  #block(): void {
    this.#out?.setBlocking(true)
    try {
      this.#readOnce()
    } finally {
      this.#out?.setBlocking(false)
    }
  }

  #readOnce(): boolean {
    if (this.#out === undefined) return false
    let length: number
    try {
      length = fs.readSync(this.#out.fd, this.#piece)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false
      length = 0
    }
    if (length === 0) this.#end()
    else this.#read(Buffer.from(this.#piece.subarray(0, length)))
    return length > 0
  }

  #read(piece: Buffer): void {
    for (const message of this.#frames.read(piece)) {
      this.#listener.onMessage(message as CompanionMessage)
    }
  }

  #end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#child.stdin?.destroy()
    this.#child.stdout?.destroy()
    this.#listener.onEnd()
  }
}

/** In its own session, so Ctrl-C and a closed terminal do not reach it, and without the host's open descriptors. */
function startCompanion(file: string): ChildProcess {
  const { name } = ownProcess()
  const args = [file, keeperTitle(name, process.pid)]
  let child: ChildProcess | undefined
  let cause: unknown
  try {
    child = process.getBuiltinModule('node:child_process').spawn(process.execPath, args, {
      cwd: path.parse(process.execPath).root,
      detached: true,
      env: companionEnvironment(),
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    })
    child.on('error', () => undefined)
  } catch (error) {
    cause = error
  }
  if (child?.pid !== undefined) return child
  const reason = `the process that keeps locks and events on the engine cannot be started${whyNot(cause)}`
  throw new CliOpsError('ENGINE_UNAVAILABLE', reason, { cause })
}

/** Returns an empty text if the system reports the cause later, when no listener remains. */
function whyNot(error: unknown): string {
  if (error === undefined) return ''
  switch (systemErrorCode(error)) {
    case 'ERR_ACCESS_DENIED':
      return ': node --permission blocks it; allow it with --allow-child-process'
    case 'NotCapable':
      return ': deno run blocks it; allow it with --allow-run'
    default:
      return `: ${errorText(error)}`
  }
}

/**
 * The host's startup options (loaders, coverage, inspectors) are not for the companion, which also runs in another directory.
 */
function companionEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !NOT_PASSED_ON.has(name))
  const env = kept.map(([name, value]) => [
    name,
    value && FILE_VARIABLE.test(name) ? path.resolve(value) : value,
  ])
  const options = plugNPlayOptions(process.env['NODE_OPTIONS'])
  if (options !== undefined) env.push(['NODE_OPTIONS', options])
  // Anything started there by mistake must not start its own companion.
  return { ...Object.fromEntries(env), CLI_OPS_DISABLED: '1' } as NodeJS.ProcessEnv
}

function handleOf(stream: object | null): PipeHandle | undefined {
  const { _handle: handle } = stream as { readonly _handle?: PipeHandle }
  return handle !== undefined && handle.fd >= 0 ? handle : undefined
}

function writeAll(fd: number, data: Buffer): boolean {
  let waitedMs = 0
  for (let at = 0; at < data.length;) {
    try {
      at += fs.writeSync(fd, data, at)
      waitedMs = 0
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || waitedMs >= SEND_MS) return false
      waitedMs += 1
      blockFor(1)
    }
  }
  return true
}
