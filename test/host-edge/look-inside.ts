import { createCoordinator } from '@cli-ops/shared-ipc'

/** What the programs of a home have left there, as another process sees it. */
export interface Traces {
  /** Types of the lifecycle events, in their order. */
  readonly types: readonly string[]
  /** Data of the last one. */
  readonly last: Readonly<Record<string, unknown>> | undefined
  readonly instances: readonly string[]
  readonly locks: readonly string[]
}

/** Inspects a home. The first process to notice also stores the end of a killed process. */
export async function lookInside(home: string): Promise<Traces> {
  await using ops = createCoordinator({ name: 'observer', home })
  const instances = await ops.registry.discover()
  const locks = await ops.locks.list()
  const events = await ops.events.read('command:*', { from: 'earliest' })
  return {
    types: events.map(({ type }) => type),
    last: events.at(-1)?.data as Traces['last'],
    instances: instances.map(({ name, pid }) => `${name} ${pid}`),
    locks: locks.map(({ resource }) => resource),
  }
}
