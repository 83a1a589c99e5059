import { type ListedProcess, visibleProcesses } from './list-processes.js'

/**
 * The programs that a process has started and that stay in its process group: those that Ctrl-C at its terminal would reach. A daemon
 * leaves the group and does not belong to the job.
 */
export class ProcessJob {
  readonly #leader: ListedProcess | undefined
  readonly #members = new Map<number, ListedProcess>()

  /** @param leader the process whose job it is, which must still be running */
  constructor(leader: number) {
    this.#leader = visibleProcesses().find(({ pid }) => pid === leader)
    this.look()
  }

  /** Adds what the process and its programs have started since the last look, and returns those programs that are running. */
  look(): readonly ListedProcess[] {
    const leader = this.#leader
    if (leader === undefined) return []
    const all = visibleProcesses()
    const isLeader = ({ pid, began }: ListedProcess): boolean =>
      pid === leader.pid && began === leader.began
    const isMember = ({ pid, began }: ListedProcess): boolean =>
      this.#members.get(pid)?.began === began
    const leaders = all.filter(isLeader)
    const tree = [...leaders, ...all.filter(isMember)]
    for (const { pid } of tree) {
      const children = all.filter(({ parent, group }) => parent === pid && group === leader.group)
      tree.push(...children.filter((child) => !tree.includes(child)))
    }
    const running = tree.slice(leaders.length)
    for (const member of running) this.#members.set(member.pid, member)
    return running
  }

  /** Asks the programs that are still running to end. */
  end(): void {
    for (const { pid } of this.look()) {
      try {
        process.kill(pid, 'SIGTERM')
      } catch {
        // It has ended in the meantime, or belongs to another user.
      }
    }
  }
}
