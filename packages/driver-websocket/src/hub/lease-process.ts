import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Writable } from 'node:stream'

import { CliOpsError, parseJson } from '@cli-ops/shared-ipc/driver'

import { KEEPER_PROGRAM } from './keeper-program.js'

/** What the lease process learns of a lock, before the hub requests the lock. */
export interface KeptLock {
  readonly id: string
  readonly namespace: string
  readonly resource: string
  /** The id of the requesting session. */
  readonly session: string
  /** When it was requested, in nanoseconds of this machine's monotonic clock. */
  readonly arrival: string
}

/** The process's first message. */
interface Greeting {
  readonly pid: number
  /** How many hubs are connected to it. */
  readonly hubs: number
  readonly held: readonly KeptLock[]
}

/** Later messages, about another hub on the same address that still answers in-flight requests. */
interface Change {
  readonly add?: KeptLock
  readonly remove?: string
  readonly hubs?: number
}

/** It answers immediately, or it is about to end. */
const GREETING_MS = 2_000

/**
 * The process in whose name a hub holds locks in a home directory. There a lock ends with its owner's process, but a
 * client's lease has to outlive a hub that crashes, so that neither the next hub nor another process takes a lock whose
 * owner still believes it holds it. The process lives for one lease longer than the last hub connected to it, and tells
 * the next hub on the same address what the last one held, so that the clients' sessions continue.
 */
export class LeaseProcess {
  readonly #leaseMs: number
  readonly #onGone: () => void
  #path: string | undefined
  #connection: Writable | undefined
  #starting: Promise<number> | undefined
  #inherited = new Map<string, KeptLock>()
  #isAlone = true
  #onAlone: () => void = () => undefined

  /** @param onGone called when the process has ended early, and with it the locks in its name */
  constructor(leaseMs: number, onGone: () => void) {
    this.#leaseMs = leaseMs
    this.#onGone = onGone
  }

  /** Finds the process of the previous hub, and what that hub held or requested. Called once, before {@link pid}. */
  async begin(path: string): Promise<void> {
    this.#path = path
    const pid = await this.#join(path)
    if (pid !== undefined) this.#starting = Promise.resolve(pid)
  }

  /** Resolves, once the previous hub has gone, to what it left and no session has taken over. */
  async left(): Promise<() => readonly KeptLock[]> {
    if (!this.#isAlone)
      await new Promise<void>((resolve) => {
        this.#onAlone = resolve
      })
    return () => [...this.#inherited.values()]
  }

  /** Returns what the previous hub held under an id, or requested, in the same session. */
  inherited(id: string, session: string): KeptLock | undefined {
    const lock = this.#inherited.get(id)
    return lock?.session === session ? lock : undefined
  }

  /** Returns the pid of the process, starting it if there is none. @throws CliOpsError `STORAGE_FAILED` */
  pid(): Promise<number> {
    if (this.#path === undefined)
      return Promise.reject(new TypeError('the hub is not listening yet'))
    const path = this.#path
    const find = async (): Promise<number> => (await this.#join(path)) ?? this.#start(path)
    this.#starting ??= find().catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    return this.#starting
  }

  /** Reports a lock before requesting it: whatever ends this hub, the next one knows of it. */
  note(lock: KeptLock): void {
    this.#tell({ add: lock })
  }

  /** The lock is no longer held or requested. */
  forget(id: string): void {
    this.#inherited.delete(id)
    this.#tell({ remove: id })
  }

  /**
   * The hub is ending. The process ends immediately if nothing is held, otherwise after one lease, or continues with
   * the next hub.
   */
  end(): void {
    const connection = this.#connection
    this.#connection = undefined
    connection?.end()
  }

  /** Its standard input is the connection of the hub that started it: it reads what was sent there as soon as it runs. */
  async #start(path: string): Promise<number> {
    const args = ['-e', KEEPER_PROGRAM, path, String(this.#leaseMs)]
    const child = spawn(process.execPath, args, {
      // Its own process group: Ctrl-C at a terminal reaches the hub's whole group.
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {},
      windowsHide: true,
    })
    child.unref()
    // Writing to a process that has gone is not an error of the hub.
    child.stdin.on('error', () => undefined)
    ;(child.stdin as { unref?: () => void }).unref?.()
    try {
      // If a lock were granted before the next hub could find the process, it could not be taken over.
      await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(endedEarly)])
    } catch (cause) {
      throw new CliOpsError('STORAGE_FAILED', 'cannot start the process that keeps leases', {
        cause,
      })
    }
    child.stdout.destroy()
    this.#connection = child.stdin
    child.once('exit', () => {
      this.#onEnd(child.stdin)
    })
    return child.pid ?? 0
  }

  /** Connects to the process, if there is one. @returns its pid */
  async #join(path: string): Promise<number | undefined> {
    const socket = connect(path)
    socket.unref()
    const greeting = await new Promise<Greeting | undefined>((resolve) => {
      let onLine = (line: unknown): void => {
        resolve(line as Greeting)
        onLine = (change) => {
          this.#onChange(change as Change)
        }
        // The messages that follow immediately refer to the greeting.
        this.#greet(line as Greeting)
      }
      readLines(socket, (line) => {
        onLine(parseJson(line))
      })
      socket.setTimeout(GREETING_MS, () => {
        resolve(undefined)
      })
      socket.once('close', () => {
        resolve(undefined)
      })
    })
    if (greeting === undefined) {
      socket.destroy()
      return undefined
    }
    socket.setTimeout(0)
    this.#connection = socket
    socket.once('close', () => {
      this.#onEnd(socket)
    })
    this.#tell({ leaseMs: this.#leaseMs })
    return greeting.pid
  }

  #greet({ held, hubs }: Greeting): void {
    this.#inherited = new Map(held.map((lock) => [lock.id, lock]))
    this.#isAlone = hubs === 1
  }

  #onChange({ add, remove, hubs }: Change): void {
    if (add !== undefined) this.#inherited.set(add.id, add)
    if (remove !== undefined) this.#inherited.delete(remove)
    if (hubs === undefined) return
    this.#isAlone = hubs === 1
    if (this.#isAlone) this.#onAlone()
  }

  #onEnd(connection: Writable): void {
    if (this.#connection !== connection) return
    this.#connection = undefined
    this.#starting = undefined
    this.#inherited.clear()
    this.#isAlone = true
    this.#onAlone()
    this.#onGone()
  }

  #tell(message: object): void {
    this.#connection?.write(`${JSON.stringify(message)}\n`)
  }
}

function endedEarly(): never {
  throw new Error('it ended immediately')
}

function readLines(socket: Socket, onLine: (line: string) => void): void {
  let text = ''
  socket.on('error', () => undefined)
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
}
