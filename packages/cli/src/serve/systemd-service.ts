import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** The first descriptor that systemd passes on (sd_listen_fds(3)). */
const FIRST_FD = 3
/** systemd answers at once; a manager that does not must not keep the hub from its work. */
const NOTIFY_MS = 5_000

/**
 * The socket that systemd has opened for this process, by its descriptor; undefined where there is none.
 *
 * @throws TypeError where there are several
 */
export function socketOfSystemd(env: NodeJS.ProcessEnv): number | undefined {
  const { LISTEN_PID, LISTEN_FDS = '0' } = env
  // Inherited from a process for which they were.
  if (LISTEN_PID !== String(process.pid) || LISTEN_FDS === '0') return undefined
  if (LISTEN_FDS === '1') return FIRST_FD
  throw new TypeError(`the socket unit must have one ListenStream, got ${LISTEN_FDS} sockets`)
}

/**
 * Tells systemd how a service stands (sd_notify(3)). Node has no datagram sockets of that kind, so `systemd-notify` says it, which comes
 * with systemd; its message is not the main process's own, so the unit needs `NotifyAccess=all`.
 */
export class SystemdService {
  readonly #env: NodeJS.ProcessEnv
  readonly #onProblem: (line: string) => void

  /** @param onProblem told why systemd is not told */
  constructor(env: NodeJS.ProcessEnv, onProblem: (line: string) => void) {
    this.#env = env
    this.#onProblem = onProblem
  }

  /** It serves. @param status one line for `systemctl status` */
  ready(status: string): Promise<void> {
    return this.#notify('READY=1', `STATUS=${status}`)
  }

  /** It reads its configuration anew; {@link ready} follows. */
  reloading(): Promise<void> {
    const monotonicUs = process.hrtime.bigint() / 1000n
    return this.#notify('RELOADING=1', `MONOTONIC_USEC=${monotonicUs}`)
  }

  stopping(): Promise<void> {
    return this.#notify('STOPPING=1', 'STATUS=answering what is under way')
  }

  /** Does nothing where no manager wants to hear it. Never rejects. */
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
        this.#onProblem(`systemd was not told: systemd-notify ended with ${code ?? signal}`)
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException
      this.#onProblem(`systemd was not told: cannot run systemd-notify (${code})`)
    }
  }
}
