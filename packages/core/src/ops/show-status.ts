import { printable } from '../diagnostics/message.js'
import { storageError } from '../drivers/local/home.js'
import { instanceTable } from './list-instances.js'
import { keptEvents } from './kept-events.js'
import { lockJson, lockTable } from './lock-report.js'
import type { OpsRun } from './ops-context.js'

/** `status`: instances, locks and events on one screen. What cannot be read is named, and the rest shown. */
export const showStatus: OpsRun = async (context) => {
  const { coordinator, connection, print } = context
  const { home, namespace } = connection
  const [instances, locks, events] = await Promise.all([
    attempt(home, () => coordinator.registry.discover()),
    attempt(home, () => coordinator.locks.list()),
    attempt(home, () => keptEvents(context, '*', 'earliest')),
  ])
  const oldest = events.value?.[0]?.time
  const kept = events.value?.length ?? 0
  const problems = [instances, locks, events].flatMap(({ problem }) => problem ?? [])
  const json = {
    home,
    namespace,
    instances: instances.value ?? [],
    locks: (locks.value ?? []).map(lockJson),
    events: { kept, ...(oldest === undefined ? {} : { oldest }) },
    problems: [...new Set(problems)],
  }
  const text = [
    `Home: ${home}${namespace === '' ? '' : ` (namespace ${namespace})`}`,
    instances.value === undefined
      ? `Instances: ${instances.problem}`
      : instanceTable(instances.value),
    locks.value === undefined ? `Locks: ${locks.problem}` : lockTable(locks.value),
    events.value === undefined
      ? `Events: ${events.problem}`
      : `Events kept: ${kept}${oldest === undefined ? '' : `, the oldest from ${printable(oldest)}`}`,
  ]
  print(json, text.join('\n\n'))
  return problems.length === 0 ? 0 : 1
}

type Attempt<T> =
  | { readonly value: T; readonly problem?: never }
  | { readonly value?: never; readonly problem: string }

async function attempt<T>(home: string, look: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await look() }
  } catch (caught) {
    const error = storageError(caught, home)
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}
