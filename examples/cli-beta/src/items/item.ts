/** One item, as it is stored. Fields that this version does not know are kept. */
export interface Item {
  readonly id: string
  readonly name: string
  /** Name of the project it belongs to. */
  readonly project?: string
  /** Id of the cli-alpha task that it follows. */
  readonly task?: string
  /** Times are ISO 8601 in UTC. */
  readonly createdAt: string
  readonly updatedAt: string
  readonly doneAt?: string
}

/** Returns what is wrong with a value that should be an item, or `undefined` if it is one. */
export function whyNotItem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is no object'
  const item = value as Readonly<Record<keyof Item, unknown>>
  for (const field of ['id', 'name'] as const) {
    if (!isText(item[field])) return `has no ${field}`
  }
  for (const field of ['project', 'task'] as const) {
    if (item[field] !== undefined && !isText(item[field])) return `has a ${field} that is no text`
  }
  for (const field of ['createdAt', 'updatedAt'] as const) {
    if (!isTime(item[field])) return `has no time in ${field}`
  }
  if (item.doneAt !== undefined && !isTime(item.doneAt)) return 'has no time in doneAt'
  return undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}
