import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

import { CliOpsError } from '@cli-ops/shared-ipc/driver'

/**
 * Runs in a process of its own. Its input ends with the hub, however that ends; what the hub has promised its clients then lasts
 * for one lease more. Whoever stops the hub's group of processes must not stop it.
 */
const PROGRAM = `
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
process.title = 'cli-ops hub: keeps leases'
const [, leaseMs] = process.argv
const end = () => setTimeout(process.exit, Number(leaseMs), 0)
process.stdin.on('data', () => process.exit(0)).on('end', end).on('error', end)
`

/**
 * The process in whose name a hub holds locks in a home directory. There a lock ends with its owner's process; a client's lease
 * has to outlive a hub that crashes, so that neither the next hub nor another process of the machine takes a lock whose owner
 * still believes to hold it.
 */
export class LeaseKeeper {
  readonly #leaseMs: number
  readonly #onGone: () => void
  #child: ChildProcess | undefined
  #starting: Promise<number> | undefined

  /** @param onGone called when the process has ended before its time, and the locks in its name with it */
  constructor(leaseMs: number, onGone: () => void) {
    this.#leaseMs = leaseMs
    this.#onGone = onGone
  }

  /** Pid of the process, which is started where there is none. @throws CliOpsError `STORAGE_FAILED` */
  pid(): Promise<number> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    return this.#starting
  }

  /** Ends the process: at once where nothing was promised, else after one lease. */
  end(hasPromised: boolean): void {
    const child = this.#child
    this.#child = undefined
    if (child === undefined) return
    if (hasPromised) child.stdin?.end()
    else child.stdin?.end('done')
  }

  async #start(): Promise<number> {
    const child = spawn(process.execPath, ['-e', PROGRAM, String(this.#leaseMs)], {
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
    this.#child = child
    child.once('exit', () => {
      if (this.#child !== child) return
      this.#child = undefined
      this.#starting = undefined
      this.#onGone()
    })
    return child.pid ?? 0
  }
}
