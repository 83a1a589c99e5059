import type { AsyncLocalStorage } from 'node:async_hooks'

import { isOutdatedCopy, processPart } from '../base/process/process-state.js'
import type { LockMode } from './contract/lock-types.js'
import { outdatedCopyError } from './outdated-copy-error.js'

/** A lock that the running flow (a callback and all it awaits) holds, or the whole process. */
export interface FlowLock {
  /** The {@link lockScope} of the lock: resources of one name in two homes or on two engines are not the same. */
  readonly scope: string
  readonly resource: string
  readonly mode: LockMode
  readonly slot?: string | undefined
  readonly id: string
  /** False once the lock was released, for what the flow goes on to do. */
  isActive(): boolean
}

interface LockFlow {
  /** What the process's command holds: everything in the process is a part of it. */
  readonly ofProcess: Set<FlowLock>
  storage?: AsyncLocalStorage<readonly FlowLock[]>
}

/** Lists the locks that the running flow holds, the process's among them. */
export function locksOfFlow(): readonly FlowLock[] {
  const { ofProcess, storage } = lockFlow()
  const held = [...ofProcess, ...(storage?.getStore() ?? [])]
  return held.filter((lock) => lock.isActive())
}

/** Finds the lock on a resource that the running flow holds. */
export function lockOfFlow(scope: string, resource: string): FlowLock | undefined {
  return locksOfFlow().find(
    (lock) => lock.scope === scope && lock.resource === resource && lock.slot === undefined,
  )
}

/** Finds the locks on slots of a resource that the running flow holds. */
export function slotsOfFlow(scope: string, resource: string): readonly FlowLock[] {
  return locksOfFlow().filter(
    (lock) => lock.scope === scope && lock.resource === resource && lock.slot !== undefined,
  )
}

/** Runs a callback as a part of the running flow that holds one lock more. */
export function runHolding<T>(lock: FlowLock, callback: () => T): T {
  return flowStorage().run([...flowOnly(), lock], callback)
}

/** Makes the rest of the running flow hold one lock more, where no callback marks its end. */
export function enterHolding(lock: FlowLock): void {
  flowStorage().enterWith([...flowOnly(), lock])
}

/** Makes the process hold a lock, whichever flow asks. Returns a function that ends that. */
export function holdForProcess(lock: FlowLock): () => void {
  const { ofProcess } = lockFlow()
  ofProcess.add(lock)
  return () => ofProcess.delete(lock)
}

function flowOnly(): readonly FlowLock[] {
  return (lockFlow().storage?.getStore() ?? []).filter((lock) => lock.isActive())
}

function flowStorage(): AsyncLocalStorage<readonly FlowLock[]> {
  const flow = lockFlow()
  if (flow.storage === undefined) {
    const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks')
    flow.storage = new AsyncLocalStorage()
  }
  return flow.storage
}

/** Every lock is asked for here: a copy that cannot see what the others hold takes none. */
function lockFlow(): LockFlow {
  if (isOutdatedCopy()) throw outdatedCopyError()
  return processPart('lock-flow', () => ({ ofProcess: new Set<FlowLock>() }))
}
