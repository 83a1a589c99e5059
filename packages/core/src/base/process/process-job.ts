import { listProcesses, type ListedProcess } from './list-processes.js'

/**
 * The programs that a process has started and that stay in its process group: those that Ctrl-C at its terminal would reach. A daemon
 * leaves the group and does not belong to the job.
 */
export class ProcessJob {
  readonly #leader: ListedProcess | undefined
  readonly #members = new Map<number, ListedProcess>()

  /** @param leader the process whose job it is, which must still be running */
  constructor(leader: number) {
    this.#leader = listProcesses().find(({ pid }) => pid === leader)
    this.look()
  }

  /** Adds what the process and its programs have started since the last look, and returns those programs that are running. */
  look(): readonly ListedProcess[] {
    if (this.#leader === undefined) return []
    const all = listProcesses()
    const isSame = (listed: ListedProcess, other = this.#members.get(listed.pid)): boolean =>
      listed.began === other?.began
    const leader = all
      .filter(({ pid }) => pid === this.#leader?.pid)
      .filter((listed) => isSame(listed, this.#leader))
    const tree = [...leader, ...all.filter((listed) => isSame(listed))]
    for (const { pid } of tree) {
      const children = all.filter(
        ({ parent, group }) => parent === pid && group === this.#leader?.group,
      )
      tree.push(...children.filter((child) => !tree.includes(child)))
    }
    const running = tree.slice(leader.length)
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
