import type { AsyncLocalStorage } from 'node:async_hooks'

import type { LockMode } from './lock-types.js'

/** A lock that the running flow (a callback and all it awaits) holds. */
export interface FlowLock {
  /** Tells two homes or engines apart: their resources of one name are not the same. */
  readonly driver: object
  readonly resource: string
  readonly mode: LockMode
  readonly id: string
  /** False once the lock was released, for what the flow goes on to do. */
  isActive(): boolean
}

// Two copies of the kit in one process must see each other's locks, hence the global symbol.
const KEY = Symbol.for('cli-ops.lock-flow')
type Global = typeof globalThis & { [KEY]?: AsyncLocalStorage<readonly FlowLock[]> }

/** Lists the locks that the running flow holds through callbacks. */
export function locksOfFlow(): readonly FlowLock[] {
  return ((globalThis as Global)[KEY]?.getStore() ?? []).filter((lock) => lock.isActive())
}

/** Runs a callback as a part of the running flow that holds one lock more. */
export function runHolding<T>(lock: FlowLock, callback: () => T): T {
  return flowStorage().run([...locksOfFlow(), lock], callback)
}

/** Makes the rest of the running flow hold one lock more, where no callback marks its end. */
export function enterHolding(lock: FlowLock): void {
  flowStorage().enterWith([...locksOfFlow(), lock])
}

function flowStorage(): AsyncLocalStorage<readonly FlowLock[]> {
  const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks')
  return ((globalThis as Global)[KEY] ??= new AsyncLocalStorage())
}
