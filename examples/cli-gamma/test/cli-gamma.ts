import { join } from 'node:path'

import { ExampleUser, type RunningCli } from '../../cli-base/test/example-user.js'

interface StoredProject {
  readonly id: string
  readonly name: string
  readonly createdAt: string
  readonly archivedAt?: string
}

/** A user of cli-gamma, who has the other two CLIs as well. */
export class User extends ExampleUser {
  constructor() {
    super('cli-gamma')
  }

  /** Creates a project and returns its id. */
  async create(name: string): Promise<string> {
    return (await this.json<StoredProject>('create', name)).id
  }

  async projects(): Promise<StoredProject[]> {
    return this.json<StoredProject[]>('list', '--all')
  }

  /** Returns the content of an archive file; `undefined` if there is none. */
  archive(id: string): { readonly tasks: unknown[]; readonly items: unknown[] } | undefined {
    const content = this.read(join('gamma', 'archive', `${id}.json`))
    return content === undefined ? undefined : (JSON.parse(content) as ReturnType<User['archive']>)
  }

  /** Starts a `watch` and waits until it watches. */
  async startWatch(...args: readonly string[]): Promise<RunningCli> {
    const watch = this.start(['watch', ...args])
    await watch.wrote(/^watching/m)
    return watch
  }

  /** Returns the content of the store, as it is on disk. */
  store(): string | undefined {
    return this.read('gamma/projects.json')
  }
}

/** Creates a project as a store holds it. */
export function storedProject(id: string, fields: Partial<StoredProject> = {}): StoredProject {
  return { id, name: `Project ${id}`, createdAt: '2026-01-01T00:00:00.000Z', ...fields }
}
