import type { TestContext } from 'node:test'

import { LockManager } from '@cli-ops/shared-ipc'

import { LockActor } from '../../../packages/core/test/fixtures/start-lock-actor.js'

/** Starts a process that takes locks as instructed, until the end of the test. */
export async function startLockActor(context: TestContext, home: string): Promise<LockActor> {
  const actor = await LockActor.start(home)
  context.after(() => actor.kill())
  return actor
}

/** Returns the locks of a home, as this process has them until the end of the test. */
export function locksIn(context: TestContext, home: string): LockManager {
  const locks = new LockManager({ home })
  context.after(() => locks.close())
  return locks
}
