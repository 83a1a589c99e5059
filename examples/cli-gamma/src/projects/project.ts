/** One project, as it is stored. Fields that this version does not know are kept. */
export interface Project {
  readonly id: string
  /** The name that the tags of tasks and the projects of items use. */
  readonly name: string
  /** Times are ISO 8601 in UTC. */
  readonly createdAt: string
  readonly archivedAt?: string
}

/** Returns what is wrong with a value that should be a project, or `undefined` if it is one. */
export function whyNotProject(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is no object'
  const { id, name, createdAt, archivedAt } = value as Readonly<Record<keyof Project, unknown>>
  // The id becomes the name of the archive file.
  if (typeof id !== 'string' || !/^[a-z\d]{1,32}$/u.test(id)) return 'has no id'
  if (typeof name !== 'string' || name === '') return 'has no name'
  if (!isTime(createdAt)) return 'has no time in createdAt'
  if (archivedAt !== undefined && !isTime(archivedAt)) return 'has no time in archivedAt'
  return undefined
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}
