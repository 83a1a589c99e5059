import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

interface Entry {
  readonly pid: number
  readonly parent: number
  /** The start time as the system formats it: a pid alone can be reused. */
  readonly began: string
}

/** Kills a process and all its descendants, except those that have detached, as daemons do. */
export function killTree(root: number): void {
  const stopped = new Map<number, Entry>()
  // Stopped processes start nothing more, so a pass that finds nothing new has found all.
  for (;;) {
    const found = treeOf(root).filter(({ pid }) => !stopped.has(pid))
    if (found.length === 0) break
    for (const entry of found) {
      stopped.set(entry.pid, entry)
      send(entry.pid, 'SIGSTOP')
    }
  }
  const now = new Map(listProcesses().map((entry) => [entry.pid, entry.began]))
  for (const { pid, began } of stopped.values()) if (now.get(pid) === began) send(pid, 'SIGKILL')
}

function treeOf(root: number): Entry[] {
  const all = listProcesses()
  const tree = all.filter(({ pid }) => pid === root)
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid))
  return tree
}

function listProcesses(): Entry[] {
  return process.platform === 'linux' ? listProc() : listPs()
}

function listProc(): Entry[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/u.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 20)
      return [{ pid: Number(name), parent: Number(fields[1]), began: fields[19] ?? '' }]
    } catch {
      // It has ended meanwhile.
      return []
    }
  })
}

function listPs(): Entry[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,lstart='], { encoding: 'utf8' })
  return [...(stdout ?? '').matchAll(/^\s*(\d+)\s+(\d+)\s+(.+)$/gmu)].map(
    ([, pid, parent, began = '']) => ({ pid: Number(pid), parent: Number(parent), began }),
  )
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended meanwhile, or belongs to another user.
  }
}
