import { listProcesses, type ListedProcess } from '@cli-ops/shared-ipc/ops'

/** Kills a process and all its descendants, except those that have detached, as daemons do. */
export function killTree(root: number): void {
  const stopped = new Map<number, ListedProcess>()
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

function treeOf(root: number): ListedProcess[] {
  const all = listProcesses()
  const tree = all.filter(({ pid }) => pid === root)
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid))
  return tree
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has already ended, or belongs to another user.
  }
}
