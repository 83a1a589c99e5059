/** Why a program cannot be attached, and what to do instead. */
export class NotAttachable extends Error {
  readonly remedy: string

  constructor(reason: string, remedy: string) {
    super(reason)
    this.name = 'NotAttachable'
    this.remedy = remedy
  }
}

/** What always works: the lock around the whole program. */
export function runInstead(program: string, resource = '<resource>'): string {
  return `use "cli-ops run --lock ${resource} -- ${program}"`
}
