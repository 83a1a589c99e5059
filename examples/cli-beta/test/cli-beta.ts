import { join } from 'node:path'

import { ExampleUser, type RunningCli } from '../../cli-base/test/example-user.js'

interface StoredItem {
  readonly id: string
  readonly name: string
  readonly project?: string
  readonly task?: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly doneAt?: string
}

/** A user of cli-beta, who has the other two CLIs as well. */
export class User extends ExampleUser {
  readonly itemFile = join(this.root, 'beta', 'items.json')

  constructor() {
    super('cli-beta')
  }

  /** Adds an item and returns its id. */
  async add(...args: readonly string[]): Promise<string> {
    const [item] = await this.json<StoredItem[]>('add', ...args)
    return item!.id
  }

  /** Adds a task with cli-alpha and returns its id. */
  async addTask(...args: readonly string[]): Promise<string> {
    const [task] = JSON.parse(await this.okOf('cli-alpha', 'add', ...args, '--json')) as [
      { readonly id: string },
    ]
    return task.id
  }

  async items(): Promise<StoredItem[]> {
    return this.json<StoredItem[]>('list', '--all')
  }

  async names(): Promise<string[]> {
    return (await this.items()).map(({ name }) => name)
  }

  /** Starts a `follow` and waits until it follows. */
  async startFollow(...args: readonly string[]): Promise<RunningCli> {
    const follow = this.start(['follow', ...args])
    await follow.wrote(/^following/m)
    return follow
  }

  /** Returns the content of the store, as it is on disk. */
  store(): string | undefined {
    return this.read('beta/items.json')
  }
}

/** Creates an item as a store holds it. */
export function storedItem(id: string, fields: Partial<StoredItem> = {}): StoredItem {
  const createdAt = '2026-01-01T00:00:00.000Z'
  return { id, name: `Item ${id}`, createdAt, updatedAt: createdAt, ...fields }
}
