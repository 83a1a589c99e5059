import type { AsyncLocalStorage } from 'node:async_hooks'

import { processPart } from '../base/process/process-state.js'
import type { LockMode } from './contract/lock-types.js'

/** A lock held by the running flow (a callback and everything it awaits) or by the whole process. */
export interface FlowLock {
  /** The {@link lockScope} of the lock: resources with the same name in two homes or on two engines are different. */
  readonly scope: string
  readonly resource: string
  readonly mode: LockMode
  readonly slot?: string | undefined
  readonly id: string
  /** False once the lock was released, even if the flow continues. */
  isActive(): boolean
}

interface LockFlow {
  /** The locks of the process's command, which cover everything in the process. */
  readonly ofProcess: Set<FlowLock>
  storage?: AsyncLocalStorage<readonly FlowLock[]>
}

/** Returns the locks that the running flow holds, including the process's. */
export function locksOfFlow(): readonly FlowLock[] {
  const { ofProcess, storage } = lockFlow()
  const held = [...ofProcess, ...(storage?.getStore() ?? [])]
  return held.filter((lock) => lock.isActive())
}

/** Returns the running flow's lock on a resource. */
export function lockOfFlow(scope: string, resource: string): FlowLock | undefined {
  return locksOfFlow().find(
    (lock) => lock.scope === scope && lock.resource === resource && lock.slot === undefined,
  )
}

/** Returns the running flow's locks on slots of a resource. */
export function slotsOfFlow(scope: string, resource: string): readonly FlowLock[] {
  return locksOfFlow().filter(
    (lock) => lock.scope === scope && lock.resource === resource && lock.slot !== undefined,
  )
}

/** Runs a callback as a part of the running flow that also holds this lock. */
export function runHolding<T>(lock: FlowLock, callback: () => T): T {
  return flowStorage().run([...flowOnly(), lock], callback)
}

/** Makes the rest of the running flow hold this lock, without a callback that marks its end. */
export function enterHolding(lock: FlowLock): void {
  flowStorage().enterWith([...flowOnly(), lock])
}

/** Makes the whole process hold a lock, for every flow. Returns a function that undoes it. */
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

function lockFlow(): LockFlow {
  return processPart('lock-flow', () => ({ ofProcess: new Set<FlowLock>() }))
}
