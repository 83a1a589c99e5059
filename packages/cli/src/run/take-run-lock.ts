import type { Coordinator, CoordinatorOptions, LockInfo } from '@cli-ops/shared-ipc'
import {
  type ConfiguredConnection,
  type Lock,
  type LockOwners,
  timeoutFromEnvironment,
  tryLockNow,
} from '@cli-ops/shared-ipc/ops/wrap'

import type { GatedChild } from './gated-child.js'
import { EarlyEnd } from './early-end.js'
import type { RunPlan } from './run-options.js'

const ENDING_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** The requester of a run's lock. */
export interface Asker {
  /** The processes to hold the lock; undefined for this one. */
  readonly owners: LockOwners | undefined
  readonly child: GatedChild | undefined
  /** Aborted once the wait is pointless. */
  readonly signal: AbortSignal
  /** Loads the kit. */
  readonly coordinator: () => Promise<Coordinator>
}

/**
 * Takes a run's lock: a free local lock without loading anything, any other with the kit. A signal, or the end of the child it is
 * for, ends the wait immediately.
 *
 * @throws EarlyEnd, CliOpsError, TypeError
 */
export async function takeRunLock(
  configured: ConfiguredConnection,
  plan: RunPlan,
  asker: Asker,
): Promise<Lock> {
  const timeoutMs = plan.timeoutMs ?? timeoutFromEnvironment()
  const { connection } = configured
  const isHere = connection.urlOf('locks') === 'local:' && !connection.disabled
  const isRun = plan.onBusy === 'join' || plan.onBusy === 'replace'
  const free = isHere && !isRun ? tryLockNow(connection, ruleOf(plan), asker.owners) : null
  return free ?? waitForLock(configured, { ...plan, timeoutMs }, asker)
}

function ruleOf({ resource, mode, slots, label, timeoutMs }: RunPlan) {
  return { resource, mode, slots, label, onBusy: timeoutMs === 0 ? 'fail' : 'wait' } as const
}

async function waitForLock(
  configured: ConfiguredConnection,
  { resource, mode, slots, queue, label, timeoutMs, onBusy, quiet, graceMs }: RunPlan,
  { owners, child, signal, coordinator }: Asker,
): Promise<Lock> {
  const interrupted = new AbortController()
  const interrupt = (sent: NodeJS.Signals): void => {
    interrupted.abort(new EarlyEnd({ code: null, signal: sent }))
  }
  for (const name of ENDING_SIGNALS) process.on(name, interrupt)
  child?.ended.then(
    (end) => {
      interrupted.abort(new EarlyEnd(end))
    },
    (error: unknown) => {
      interrupted.abort(error)
    },
  )
  const { createWaitLine } = await import('@cli-ops/shared-ipc')
  const look = async (): Promise<LockInfo | null> => (await coordinator()).locks.inspect(resource)
  const line = quiet ? undefined : createWaitLine({ pid: owners?.ownerPid, look })
  try {
    const { locks } = await coordinator()
    const options = {
      ...owners,
      queue,
      label,
      timeoutMs,
      onWait: line?.onWait,
      inFlow: true,
      signal: AbortSignal.any([interrupted.signal, signal]),
    }
    if (onBusy !== 'join' && onBusy !== 'replace')
      return await locks.lock(resource, { ...options, mode, slots })
    const { lockRun } = await import('@cli-ops/shared-ipc/command/runs')
    // A signal to this process reaches the program and the steps after it; if this process was killed, the signal goes to the
    // program.
    const markOwners = owners && ([process.pid, owners.ownerPid] as const)
    const run = { ...options, onBusy, graceMs, markOwners }
    return await lockRun({ locks, connection: configured.options }, resource, run)
  } finally {
    line?.stop()
    for (const name of ENDING_SIGNALS) process.removeListener(name, interrupt)
  }
}

/** Creates the coordinator on first use, and returns the same one afterwards. */
export function lazyCoordinator(options: Omit<CoordinatorOptions, 'name'>): {
  readonly get: () => Promise<Coordinator>
  readonly close: () => Promise<void>
} {
  let made: Promise<Coordinator> | undefined
  const make = async (): Promise<Coordinator> => {
    const { createCoordinator } = await import('@cli-ops/shared-ipc')
    return createCoordinator({ ...options, name: 'cli-ops' })
  }
  return {
    get: () => (made ??= make()),
    close: async () => (await made?.catch(() => undefined))?.close(),
  }
}
