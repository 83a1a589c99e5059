import type { ChildProcess } from 'node:child_process'

import { errorText } from '../../base/errors/error-text.js'
import { systemErrorCode } from '../../base/errors/system-error-code.js'
import { CliOpsError } from '../../base/errors/cli-ops-error.js'
import { fs, path } from '../../base/builtins.js'
import { ownProcess } from '../../base/process/own-process.js'
import { blockFor } from '../../base/wait/block-for.js'
import { whileBlocked } from '../waiting/while-blocked.js'
import { encodeFrame, FrameReader } from './frames.js'
import type { CompanionMessage, HostMessage } from './messages.js'
import { plugNPlayOptions } from './plug-n-play.js'

/** A companion that has not read anything for so long, a stopped one say, is no companion. */
const SEND_MS = 5_000
/** How often a host with listeners to Ctrl-C looks for a reply: it must hear both. */
const LOOK_MS = 20
const NOT_PASSED_ON: ReadonlySet<string> = new Set(['NODE_OPTIONS', 'NODE_V8_COVERAGE'])
const FILE_VARIABLE = /^CLI_OPS_.*_FILE$|^NODE_EXTRA_CA_CERTS$/u
const END_LOOK_MS = 5
const PIECE_BYTES = 65_536

/** A pipe of libuv, as far as it is used here beside the stream that is around it. */
interface PipeHandle {
  readonly fd: number
  setBlocking(isBlocking: boolean): number
}

/** Who hears what comes. Both may be called while the host waits for something else. */
export interface PipesListener {
  onMessage(message: CompanionMessage): void
  /** The companion has ended. */
  onEnd(): void
}

/**
 * Starts the companion and talks to it over two private pipes, which children of the host do not inherit. A message has left
 * when `send` returns, in an exit handler too, and a reply can be waited for in synchronous code.
 */
export class CompanionPipes {
  readonly #child: ChildProcess
  readonly #listener: PipesListener
  readonly #frames = new FrameReader()
  readonly #piece = Buffer.allocUnsafe(PIECE_BYTES)
  readonly #in: PipeHandle | undefined
  readonly #out: PipeHandle | undefined
  #hasEnded = false
  /** Within a wait that Ctrl-C may cut off. */
  #isWaiting = false

  /** @throws CliOpsError `ENGINE_UNAVAILABLE` if no process can be started */
  constructor(file: string, listener: PipesListener) {
    this.#listener = listener
    this.#child = startCompanion(file)
    const { stdin, stdout } = this.#child
    this.#in = handleOf(stdin)
    this.#out = handleOf(stdout)
    // None of it keeps the host alive.
    this.#child.unref()
    this.unref()
    const end = (): void => {
      this.#end()
    }
    for (const emitter of [this.#child, stdin, stdout]) emitter?.on('error', end)
    stdout?.on('data', (piece: Buffer) => this.#read(piece)).on('close', end)
    ;(stdin as { unref?(): void } | null)?.unref?.()
  }

  /** True where {@link waitUntil} works: on Windows pipes have no descriptor. */
  get canWait(): boolean {
    return this.#out !== undefined
  }

  /** Sends a message before it returns. */
  send(message: HostMessage): void {
    if (this.#hasEnded) return
    const frame = encodeFrame(message)
    // An overlapped write of Windows has left as well, as soon as there is room for it.
    if (this.#in === undefined) this.#child.stdin?.write(frame)
    else if (!writeAll(this.#in.fd, frame)) this.#end()
  }

  /** Reads what has come by now; nothing where a wait was broken off, maybe in the middle of a message. */
  readArrived(): void {
    while (!this.#hasEnded && !this.#isWaiting && this.#readOnce()) continue
  }

  /** Calls `ask` and blocks until `isDone`. Ctrl-C ends the process, or is heard by the host's own listeners, as in any wait. */
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
        // Not where it is cut off.
        this.#isWaiting = false
      }
    })
  }

  /** Waits until the companion has ended, for so long at most. */
  waitForEnd(limitMs: number): void {
    for (let leftMs = limitMs; leftMs > 0 && !this.#hasEnded; leftMs -= END_LOOK_MS) {
      if (!this.#readOnce()) blockFor(END_LOOK_MS)
    }
  }

  /** Keeps the host alive, for a reply. */
  ref(): void {
    ;(this.#child.stdout as { ref?(): void } | null)?.ref?.()
  }

  unref(): void {
    ;(this.#child.stdout as { unref?(): void } | null)?.unref?.()
  }

  /** Nothing wakes the host but a message, or a signal that ends it. */
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

/** In a session of its own, so that Ctrl-C and a closed terminal do not reach it, and with nothing that the host holds open. */
function startCompanion(file: string): ChildProcess {
  const { name } = ownProcess()
  // The arguments are for who looks at the table of processes.
  const args = [file, `of ${name} (pid ${process.pid})`]
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

/** Nothing where the system says it later, when nobody listens. */
function whyNot(error: unknown): string {
  if (error === undefined) return ''
  switch (systemErrorCode(error)) {
    case 'ERR_ACCESS_DENIED':
      return ': node --permission keeps it from starting; allow it with --allow-child-process'
    case 'NotCapable':
      return ': deno run keeps it from starting; allow it with --allow-run'
    default:
      return `: ${errorText(error)}`
  }
}

/** What the host was started with (loaders, coverage, inspectors) is not for the companion, and it is in another directory. */
function companionEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !NOT_PASSED_ON.has(name))
  const env = kept.map(([name, value]) => [
    name,
    value && FILE_VARIABLE.test(name) ? path.resolve(value) : value,
  ])
  const options = plugNPlayOptions(process.env['NODE_OPTIONS'])
  if (options !== undefined) env.push(['NODE_OPTIONS', options])
  // Whatever is started there by mistake must not start a companion of its own.
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
