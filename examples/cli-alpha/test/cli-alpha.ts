import { join } from 'node:path'

import { ExampleUser } from '../../cli-base/test/example-user.js'

interface StoredTask {
  readonly id: string
  readonly title: string
  readonly tags: readonly string[]
  readonly due?: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly doneAt?: string
}

/** A user of cli-alpha. */
export class User extends ExampleUser {
  readonly taskFile = join(this.root, 'data', 'tasks.json')
  readonly settingsFile = join(this.root, 'config', 'config.json')

  constructor() {
    super('cli-alpha')
  }

  /** Adds a task and returns its id. */
  async add(...args: readonly string[]): Promise<string> {
    const [task] = await this.json<StoredTask[]>('add', ...args)
    return task!.id
  }

  async tasks(): Promise<StoredTask[]> {
    return this.json<StoredTask[]>('list', '--all')
  }

  /** Returns the content of the store, as it is on disk. */
  store(): string | undefined {
    return this.read('data/tasks.json')
  }
}

/** Creates a task as a store holds it. */
export function storedTask(id: string, fields: Partial<StoredTask> = {}): StoredTask {
  const createdAt = '2026-01-01T00:00:00.000Z'
  return { id, title: `Task ${id}`, tags: [], createdAt, updatedAt: createdAt, ...fields }
}
