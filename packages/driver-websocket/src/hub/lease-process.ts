import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Writable } from 'node:stream'

import { CliOpsError, parseJson } from '@cli-ops/shared-ipc/driver'

import { KEEPER_PROGRAM } from './keeper-program.js'

/** What the process that keeps leases is told of a lock, before the lock is asked for. */
export interface KeptLock {
  readonly id: string
  readonly namespace: string
  readonly resource: string
  /** The session that asks for it, by its id. */
  readonly session: string
  /** When it was asked for, in nanoseconds of this machine's monotonic clock. */
  readonly arrival: string
}

/** What the process says first. */
interface Greeting {
  readonly pid: number
  readonly held: readonly KeptLock[]
}

/** It answers at once, or it is about to end. */
const GREETING_MS = 2_000

/**
 * The process in whose name a hub holds locks in a home directory. There a lock ends with its owner's process; a client's lease
 * has to outlive a hub that crashes, so that neither the next hub nor another process of the machine takes a lock whose owner
 * still believes to hold it. It lives for one lease more than the last hub that is connected to it, and tells the next hub on the same
 * address what the last one held, so that the clients' sessions go on.
 */
export class LeaseProcess {
  readonly #leaseMs: number
  readonly #onGone: () => void
  #path: string | undefined
  #connection: Writable | undefined
  #starting: Promise<number> | undefined
  #inherited = new Map<string, KeptLock>()

  /** @param onGone called when the process has ended before its time, and the locks in its name with it */
  constructor(leaseMs: number, onGone: () => void) {
    this.#leaseMs = leaseMs
    this.#onGone = onGone
  }

  /** Finds the process of the hub that was here before. Resolves to what that held, or asked for. Called once, before {@link pid}. */
  async begin(path: string): Promise<readonly KeptLock[]> {
    this.#path = path
    const found = await this.#join(path)
    if (found === undefined) return []
    this.#starting = Promise.resolve(found.pid)
    this.#inherited = new Map(found.held.map((lock) => [lock.id, lock]))
    return found.held
  }

  /** What the hub before this one held under an id, or asked for, in the same session. */
  inherited(id: string, session: string): KeptLock | undefined {
    const lock = this.#inherited.get(id)
    return lock?.session === session ? lock : undefined
  }

  /** Pid of the process, which is started where there is none. @throws CliOpsError `STORAGE_FAILED` */
  pid(): Promise<number> {
    if (this.#path === undefined)
      return Promise.reject(new TypeError('the hub does not listen yet'))
    this.#starting ??= this.#start(this.#path).catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    return this.#starting
  }

  /** Tells of a lock before it is asked for: whatever ends this hub, the next one knows of it. */
  note(lock: KeptLock): void {
    this.#tell({ add: lock })
  }

  /** The lock is not held any more, and not asked for. */
  forget(id: string): void {
    this.#inherited.delete(id)
    this.#tell({ remove: id })
  }

  /** The hub ends. The process does so at once where nothing is held, else after one lease, or goes on with the next hub. */
  end(): void {
    const connection = this.#connection
    this.#connection = undefined
    connection?.end()
  }

  /** Its standard input is the connection of the hub that has started it: what is told there it hears as soon as it runs. */
  async #start(path: string): Promise<number> {
    const args = ['-e', KEEPER_PROGRAM, path, String(this.#leaseMs)]
    const child = spawn(process.execPath, args, {
      // A group of its own: Ctrl-C at a terminal goes to the whole group of the hub.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
      windowsHide: true,
    })
    child.unref()
    // Writing to one that has gone is no error of the hub.
    child.stdin.on('error', () => undefined)
    ;(child.stdin as { unref?: () => void }).unref?.()
    try {
      await once(child, 'spawn')
    } catch (cause) {
      throw new CliOpsError('STORAGE_FAILED', 'cannot start the process that keeps leases', {
        cause,
      })
    }
    this.#connection = child.stdin
    child.once('exit', () => {
      this.#onEnd(child.stdin)
    })
    return child.pid ?? 0
  }

  /** Connects to the process, where there is one. */
  async #join(path: string): Promise<Greeting | undefined> {
    const socket = connect(path)
    socket.unref()
    const greeting = await firstLine(socket)
    if (greeting === undefined) {
      socket.destroy()
      return undefined
    }
    this.#connection = socket
    socket.once('close', () => {
      this.#onEnd(socket)
    })
    this.#tell({ leaseMs: this.#leaseMs })
    return parseJson(greeting) as Greeting
  }

  #onEnd(connection: Writable): void {
    if (this.#connection !== connection) return
    this.#connection = undefined
    this.#starting = undefined
    this.#inherited.clear()
    this.#onGone()
  }

  #tell(message: object): void {
    this.#connection?.write(`${JSON.stringify(message)}\n`)
  }
}

/** The first line of what comes; `undefined` where nobody is there. */
function firstLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = ''
    socket.setEncoding('utf8')
    socket.setTimeout(GREETING_MS, () => {
      resolve(undefined)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      resolve(undefined)
    })
    socket.on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end === -1) return
      socket.setTimeout(0)
      socket.removeAllListeners('data')
      socket.resume()
      resolve(text.slice(0, end))
    })
  })
}
