import { dataFile, type Entry, entriesOf, readJson } from '@cli-ops/example-base'

/** What is read from the other CLIs' tasks and items; everything else in them goes into the archive unchanged. */
interface Work extends Entry {
  readonly doneAt?: string
}
interface Task extends Work {
  readonly tags?: readonly unknown[]
}
interface Item extends Work {
  readonly project?: string
  readonly task?: string
}

/** A project's open work. */
export interface OpenWork {
  readonly tasks: readonly Entry[]
  readonly items: readonly Entry[]
}

/**
 * Collects the open tasks tagged with a project's name, and the open items that belong to it or follow one of its
 * tasks. It reads the other CLIs' files, so the caller holds all the locks.
 */
export function openWorkOf(project: string): OpenWork {
  const tasks = load<Task>('cli-alpha', 'task').filter(
    ({ tags }) => Array.isArray(tags) && tags.includes(project),
  )
  const ids = new Set<string | undefined>(tasks.map(({ id }) => id))
  const items = load<Item>('cli-beta', 'item').filter(
    (item) => item.project === project || ids.has(item.task),
  )
  return { tasks: tasks.filter(isOpen), items: items.filter(isOpen) }
}

function isOpen({ doneAt }: Work): boolean {
  return doneAt === undefined
}

function load<T extends Entry>(cli: string, noun: string): T[] {
  const path = dataFile(cli, `${noun}s.json`)
  const stored = readJson(path)
  return stored === undefined ? [] : entriesOf<T>(stored, path, { noun, whyNot: whyNotEntry })
}

function whyNotEntry(value: unknown): string | undefined {
  const { id } = (value ?? {}) as { readonly id?: unknown }
  return typeof id === 'string' && id !== '' ? undefined : 'has no id'
}
