import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** The first descriptor that systemd passes (sd_listen_fds(3)). */
const FIRST_FD = 3
/** systemd answers immediately; a manager that does not must not hold up the hub. */
const NOTIFY_MS = 5_000

/**
 * Returns the descriptor of the socket that systemd opened for this process; undefined if there is none.
 *
 * @throws TypeError if there are several
 */
export function socketOfSystemd(env: NodeJS.ProcessEnv): number | undefined {
  const { LISTEN_PID, LISTEN_FDS = '0' } = env
  // Inherited from the process that they were meant for.
  if (LISTEN_PID !== String(process.pid) || LISTEN_FDS === '0') return undefined
  if (LISTEN_FDS === '1') return FIRST_FD
  throw new TypeError(`the socket unit must have one ListenStream, got ${LISTEN_FDS} sockets`)
}

/**
 * Reports a service's state to systemd (sd_notify(3)). Node has no datagram sockets of that kind, so this runs `systemd-notify`, which
 * ships with systemd. Its message does not come from the main process, so the unit needs `NotifyAccess=all`.
 */
export class SystemdService {
  readonly #env: NodeJS.ProcessEnv
  readonly #onProblem: (line: string) => void

  /** @param onProblem called with the reason if systemd cannot be notified */
  constructor(env: NodeJS.ProcessEnv, onProblem: (line: string) => void) {
    this.#env = env
    this.#onProblem = onProblem
  }

  /** Reports that it serves. @param status one line for `systemctl status` */
  ready(status: string): Promise<void> {
    return this.#notify('READY=1', `STATUS=${status}`)
  }

  /** Reports that it reloads its configuration; {@link ready} follows. */
  reloading(): Promise<void> {
    const monotonicUs = process.hrtime.bigint() / 1000n
    return this.#notify('RELOADING=1', `MONOTONIC_USEC=${monotonicUs}`)
  }

  stopping(): Promise<void> {
    return this.#notify('STOPPING=1', 'STATUS=finishing in-flight requests')
  }

  /** Does nothing without a manager to notify. Never rejects. */
  async #notify(...assignments: readonly string[]): Promise<void> {
    const { NOTIFY_SOCKET = '' } = this.#env
    if (NOTIFY_SOCKET === '') return
    const child = spawn('systemd-notify', assignments, {
      stdio: 'ignore',
      env: this.#env,
      timeout: NOTIFY_MS,
    })
    try {
      const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
      if (code !== 0)
        this.#onProblem(`could not notify systemd: systemd-notify ended with ${code ?? signal}`)
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException
      this.#onProblem(`could not notify systemd: cannot run systemd-notify (${code})`)
    }
  }
}
