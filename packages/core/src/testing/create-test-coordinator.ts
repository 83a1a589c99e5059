import { assertKnown } from '../base/validation/assert-known.js'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { type Coordinator, createCoordinator } from '../coordinator/create-coordinator.js'
import type { StandardEvents } from '../events/standard-events.js'
import { closedError } from '../base/errors/closed-error.js'
import { assertName, describe } from '../base/names/assert-name.js'
import { resolveConnection } from '../engine/connection-options.js'
import { SEPARATE } from '../locks/lock-scope.js'
import { setClockAt } from '../base/wait/clock.js'
import { isTestClock, type TestClock } from './test-clock.js'
import { randomId } from '../base/names/random-id.js'

/** Options of {@link createTestCoordinator}. */
export interface TestCoordinatorOptions {
  /** Name of the CLI under test. @default 'test' */
  readonly name?: string
  /**
   * `memory` keeps everything in this process; `disk` creates a temporary home, which child processes can share through
   * `CLI_OPS_HOME`.
   * @default 'memory'
   */
  readonly storage?: 'memory' | 'disk'
  /**
   * A clock from {@link createTestClock} for events, their rate limit, retention and retries, and for lock timeouts. Requests and
   * other processes use real time.
   * @default the real time
   */
  readonly clock?: TestClock
}

/** A coordinator that shares nothing with any other. */
export interface TestCoordinator<Events = StandardEvents> extends Coordinator<Events> {
  /** The temporary home; in memory, a path that is never created. */
  readonly home: string
  /** Returns another handle on the same locks, events and services, as in another CLI. */
  as(name: string): Coordinator<Events>
}

/**
 * Creates an isolated coordinator for a test. Closing it also closes its other handles and removes the temporary home. A killed test
 * leaves its home in the temporary directory.
 *
 * @throws TypeError when an option is wrong, before anything is created
 * @example
 * ```ts
 * const ops = createTestCoordinator()
 * await addTask(ops, 'Write')
 * expect(await ops.locks.isLocked('task-database')).toBe(false)
 * await ops.close() // from Node 24 on, `await using ops = …` does it
 * ```
 */
export function createTestCoordinator<Events = StandardEvents>(
  options: TestCoordinatorOptions = {},
): TestCoordinator<Events> {
  assertKnown('options', options, ['name', 'storage', 'clock'])
  const { name = 'test', storage = 'memory', clock } = options
  if (storage !== 'memory' && storage !== 'disk') {
    throw new TypeError(`storage must be "memory" or "disk", got ${describe(storage)}`)
  }
  if (clock !== undefined && !isTestClock(clock)) {
    throw new TypeError(`clock must be created by createTestClock(), got ${describe(clock)}`)
  }
  // Before the home is created: after a throw, nothing would remove it.
  assertName('name', name)
  const onDisk = storage === 'disk'
  const home = onDisk ? mkdtempSync(join(tmpdir(), 'cli-ops-')) : join(tmpdir(), 'cli-ops-memory')
  const connection = onDisk
    ? { home, url: 'local:' }
    : { home, url: 'memory:', namespace: randomId() }
  const takeClockAway =
    clock === undefined ? undefined : setClockAt(resolveConnection(connection), clock)
  const opened: Coordinator<Events>[] = []
  let closing = false
  const open = (as: string): Coordinator<Events> => {
    // Nothing would close it or remove its home again.
    if (closing) throw closedError('this test coordinator')
    // A test is independent of whether the kit is disabled.
    const options = { ...connection, disabled: false, name: as, [SEPARATE]: `#${opened.length}` }
    const coordinator = createCoordinator<Events>(options)
    opened.push(coordinator)
    return coordinator
  }
  const close = async (): Promise<void> => {
    closing = true
    await Promise.all(opened.map((coordinator) => coordinator.close()))
    takeClockAway?.()
    if (onDisk) rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
  const own = open(name)
  const isolation = { home, as: open, close, [Symbol.asyncDispose]: close }
  // The primitives are created on first use, so they are inherited and not copied.
  return Object.setPrototypeOf(isolation, own) as TestCoordinator<Events>
}
