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
  /** How many hubs are connected to it. */
  readonly hubs: number
  readonly held: readonly KeptLock[]
}

/** What it says then: of another hub on the same address that still answers what was under way. */
interface Change {
  readonly add?: KeptLock
  readonly remove?: string
  readonly hubs?: number
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
  #isAlone = true
  #onAlone: () => void = () => undefined

  /** @param onGone called when the process has ended before its time, and the locks in its name with it */
  constructor(leaseMs: number, onGone: () => void) {
    this.#leaseMs = leaseMs
    this.#onGone = onGone
  }

  /** Finds the process of the hub that was here before, and what that held or asked for. Called once, before {@link pid}. */
  async begin(path: string): Promise<void> {
    this.#path = path
    const pid = await this.#join(path)
    if (pid !== undefined) this.#starting = Promise.resolve(pid)
  }

  /** Resolves to what the hub before this one has left and nobody has gone on with, once it has gone. */
  async left(): Promise<() => readonly KeptLock[]> {
    if (!this.#isAlone)
      await new Promise<void>((resolve) => {
        this.#onAlone = resolve
      })
    return () => [...this.#inherited.values()]
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
    const path = this.#path
    const find = async (): Promise<number> => (await this.#join(path)) ?? this.#start(path)
    this.#starting ??= find().catch((error: unknown) => {
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
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {},
      windowsHide: true,
    })
    child.unref()
    // Writing to one that has gone is no error of the hub.
    child.stdin.on('error', () => undefined)
    ;(child.stdin as { unref?: () => void }).unref?.()
    try {
      // A lock that is granted before the next hub would find the process could not be gone on with.
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

  /** Connects to the process, where there is one. @returns its pid */
  async #join(path: string): Promise<number | undefined> {
    const socket = connect(path)
    socket.unref()
    const greeting = await new Promise<Greeting | undefined>((resolve) => {
      let onLine = (line: unknown): void => {
        resolve(line as Greeting)
        onLine = (change) => {
          this.#onChange(change as Change)
        }
        // What follows at once is about what the greeting tells of.
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
  throw new Error('it has ended at once')
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
