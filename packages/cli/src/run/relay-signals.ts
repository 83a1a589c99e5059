import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'

/** The terminal sends these to every process in its foreground group, including the program. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGTSTP']
const FROM_ANYBODY: readonly NodeJS.Signals[] = [
  'SIGTERM',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGCONT',
]
const ON_WINDOWS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGBREAK']

/** How long to wait for a group's leader, which has signalled one member, to signal all. */
const LEADER_MS = 20

export interface SignalRelay {
  readonly send: (signal: NodeJS.Signals) => void
  /** Called with each signal, whether or not it had to be forwarded. */
  readonly onSignal?: (signal: NodeJS.Signals) => void
}

/**
 * Forwards signals from this process to its child, until the returned function is called. A signal that the child already
 * received is not forwarded, since programs take a second one to mean "end immediately": the terminal's Ctrl-C, Ctrl-\ and
 * Ctrl-Z, and signals that `timeout` or a script sends to its whole process group. When its child is suspended, this process
 * stops too, so that the shell takes the terminal back.
 */
export function relaySignals(child: number, { send, onSignal }: SignalRelay): () => void {
  let isOver = false
  const leader = otherLeader()
  const before = leader === undefined ? 0n : signalsIgnoredBy(leader)
  const relay = (signal: NodeJS.Signals, hasIt: boolean): void => {
    if (isOver) return
    if (!hasIt) send(signal)
    onSignal?.(signal)
    if (signal === 'SIGTSTP') process.kill(process.pid, 'SIGSTOP')
  }
  const onUnix = (signal: NodeJS.Signals): void => {
    const hasIt = FROM_TERMINAL.includes(signal) && isInForeground()
    const isLate = leader !== undefined && !hasIt && processGroups(child)[0] === leader
    if (!isLate) relay(signal, hasIt)
    else
      setTimeout(() => {
        relay(signal, isAmong(signal, signalsIgnoredBy(leader) & ~before))
      }, LEADER_MS).unref()
  }
  // The console sends Ctrl-C to every attached process; listening keeps this one alive.
  const isWindows = process.platform === 'win32'
  const signals = isWindows ? ON_WINDOWS : [...FROM_TERMINAL, ...FROM_ANYBODY]
  const listener = isWindows ? (): void => undefined : onUnix
  for (const signal of signals) process.on(signal, listener)
  return () => {
    isOver = true
    for (const signal of signals) process.removeListener(signal, listener)
  }
}

/** Returns whether this process belongs to the terminal's foreground group. */
function isInForeground(): boolean {
  const [group, foreground] = processGroups('self')
  return group !== undefined && group === foreground
}

/** Returns the leader of this process's group, if it is another process whose signals can be read. */
function otherLeader(): string | undefined {
  if (process.platform !== 'linux') return undefined
  const [leader] = processGroups('self')
  return leader === String(process.pid) ? undefined : leader
}

/**
 * Returns the signals that a process ignores, as bits. A process that signals its own group ignores the signal first: `timeout`, and a
 * shell's `trap '' TERM; kill 0`.
 */
function signalsIgnoredBy(pid: string): bigint {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return BigInt(`0x${/^SigIgn:\s*(\w+)/mu.exec(status)?.[1] ?? '0'}`)
  } catch {
    // It has ended, or cannot be inspected.
    return 0n
  }
}

function isAmong(signal: NodeJS.Signals, bits: bigint): boolean {
  return ((bits >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n
}

/** Returns the group of a process, and the foreground group of its terminal. */
function processGroups(pid: number | 'self'): (string | undefined)[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return [fields[2], fields[5]]
  } catch {
    const columns = ['-o', 'pgid=,tpgid=', '-p', String(pid === 'self' ? process.pid : pid)]
    return spawnSync('ps', columns, { encoding: 'utf8' }).stdout?.trim().split(/\s+/u) ?? []
  }
}
