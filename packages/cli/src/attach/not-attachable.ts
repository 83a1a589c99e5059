/** The reason why a program cannot be attached, and the alternative. */
export class NotAttachable extends Error {
  readonly remedy: string

  constructor(reason: string, remedy: string) {
    super(reason)
    this.name = 'NotAttachable'
    this.remedy = remedy
  }
}

/** Describes the alternative that always works: a lock around the whole program. */
export function runInstead(program: string, resource = '<resource>'): string {
  return `use "cli-ops run --lock ${resource} -- ${program}"`
}
