import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The terminal sends these to every process of the group in its foreground, the program among them. */
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

/**
 * Hands the signals that this process gets on to its child, until the returned function is called. What the terminal has
 * given the child already (Ctrl-C, Ctrl-\, Ctrl-Z) is not given twice. Suspended is suspended: this process stops with
 * its child, so that the shell takes the terminal back.
 */
export function relaySignals(send: (signal: NodeJS.Signals) => void): () => void {
  const relay = (signal: NodeJS.Signals): void => {
    const hasIt = FROM_TERMINAL.includes(signal) && isInForeground()
    if (!hasIt) send(signal)
    if (signal === 'SIGTSTP') process.kill(process.pid, 'SIGSTOP')
  }
  // The console gives Ctrl-C to every process that is attached to it; listening keeps this one alive.
  const isWindows = process.platform === 'win32'
  const signals = isWindows ? ON_WINDOWS : [...FROM_TERMINAL, ...FROM_ANYBODY]
  const listener = isWindows ? (): void => undefined : relay
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.removeListener(signal, listener)
  }
}

/** Tells whether this process belongs to the group that its terminal sends its signals to. */
function isInForeground(): boolean {
  const [group, foreground] = processGroups()
  return group !== undefined && group === foreground
}

/** The process group, and the one in the foreground of the terminal. */
function processGroups(): (string | undefined)[] {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return [fields[2], fields[5]]
  } catch {
    const columns = ['-o', 'pgid=,tpgid=', '-p', String(process.pid)]
    return spawnSync('ps', columns, { encoding: 'utf8' }).stdout?.trim().split(/\s+/u) ?? []
  }
}
