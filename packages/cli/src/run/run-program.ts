import { basename } from 'node:path'

import {
  CliOpsError,
  type Coordinator,
  createCoordinator,
  createWaitLine,
  type EventBus,
  type Lock,
  type LockManager,
} from '@cli-ops/shared-ipc'
import { describeOwnProcess, EXIT_BUSY, openOps, say, sayFailure } from '@cli-ops/shared-ipc/ops'

import { useBlockingStderr } from './blocking-stderr.js'
import { type ChildEnd, endAs } from './child-end.js'
import { startKeeper } from './descendants-keeper.js'
import { whyUnrunnable } from './find-program.js'
import { type GatedChild, type LockFacts, startGated, startPlainly } from './gated-child.js'
import { type OrphanWatch, watchForOrphan } from './orphan-watch.js'
import { relaySignals } from './relay-signals.js'
import { parseRunOptions, type RunPlan } from './run-options.js'

/** Descendants that outlive the program by less than this are taken for ended with it. */
const KEEPER_GRACE_MS = 50
const ENDING_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs a program under a lock and ends as it ends. The process that becomes the program exists before the lock is asked
 * for, and the lock is taken in its name: whatever becomes of this process, the lock is held as long as the program runs.
 */
export async function runProgram(
  program: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  useBlockingStderr()
  describeOwnProcess({ name: 'cli-ops', command: `run ${basename(program[0] ?? '')}` })
  try {
    const plan = parseRunOptions(options)
    const [file = ''] = program
    const { options: place } = openOps('cli-ops')
    const unrunnable = whyUnrunnable(file)
    if (unrunnable !== undefined) {
      say(`cannot run ${JSON.stringify(file)}: ${unrunnable.reason}`)
      process.exitCode = unrunnable.exitCode
      return
    }
    // Unlike looking, running is subject to CLI_OPS_DISABLED.
    const coordinator = createCoordinator({ ...place, disabled: undefined, name: 'cli-ops' })
    endAs(await runUnderLock(coordinator, plan, program))
  } catch (error) {
    endRefused(error)
  }
}

async function runUnderLock(
  coordinator: Coordinator,
  plan: RunPlan,
  program: readonly string[],
): Promise<ChildEnd> {
  const { resource, keepFor } = plan
  // A process ends with its parent by itself there, so the lock may be this one's.
  const isWindows = process.platform === 'win32'
  const keeper = keepFor === 'descendants' ? startKeeper() : undefined
  const gated = isWindows ? undefined : startGated(program, resource, keeper?.pipe)
  if (gated !== undefined) keeper?.watch(gated.pid)
  let orphanWatch: OrphanWatch | undefined
  try {
    const lock = await takeLock(coordinator.locks, plan, keeper?.pid ?? gated?.pid, gated)
    const facts: LockFacts = {
      CLI_OPS_LOCK_RESOURCE: resource,
      CLI_OPS_LOCK_ID: lock.id,
      CLI_OPS_LOCK_TOKEN: String(lock.token),
    }
    // On this machine the lock is the program's own and outlives this process.
    if (gated !== undefined && !coordinator.locks.isSynchronous)
      orphanWatch = watchForOrphan(gated.pid, resource)
    const end = await follow(gated ?? startPlainly(program, facts), lock, facts, (durationMs) =>
      emitEnd(coordinator, plan, basename(program[0] ?? ''), durationMs),
    )
    // What lives on keeps the lock, and this process ends without having released it.
    if (keeper === undefined || (await keeper.endsWithin(KEEPER_GRACE_MS)))
      await coordinator.close()
    return end
  } catch (error) {
    gated?.giveUp()
    keeper?.kill()
    await coordinator.close()
    throw error
  } finally {
    orphanWatch?.stop()
  }
}

/** Waits for the lock. A signal, or the end of the child that waits for it, ends the wait at once. */
async function takeLock(
  locks: LockManager,
  { resource, mode, timeoutMs, keepFor }: RunPlan,
  ownerPid: number | undefined,
  gated: GatedChild | undefined,
): Promise<Lock> {
  if (keepFor === 'descendants' && !locks.isSynchronous) {
    const reason =
      '--keep-for descendants needs the locks of this machine: an engine cannot watch them'
    throw new CliOpsError('UNSUPPORTED', reason)
  }
  const wait = new AbortController()
  const interrupt = (signal: NodeJS.Signals): void => {
    wait.abort(new EarlyEnd({ code: null, signal }))
  }
  for (const signal of ENDING_SIGNALS) process.on(signal, interrupt)
  gated?.ended.then(
    (end) => {
      wait.abort(new EarlyEnd(end))
    },
    (error: unknown) => {
      wait.abort(error)
    },
  )
  const line = createWaitLine({ pid: ownerPid })
  const { onWait } = line
  try {
    return await locks.lock(resource, {
      mode,
      timeoutMs,
      ownerPid,
      onWait,
      inFlow: true,
      signal: wait.signal,
    })
  } finally {
    line.stop()
    for (const signal of ENDING_SIGNALS) process.removeListener(signal, interrupt)
  }
}

/** The child's end before its program began. */
class EarlyEnd extends Error {
  readonly end: ChildEnd

  constructor(end: ChildEnd) {
    super('ended before the program began')
    this.end = end
  }
}

async function follow(
  child: GatedChild,
  lock: Lock,
  facts: LockFacts,
  onSuccess: (durationMs: number) => Promise<void>,
): Promise<ChildEnd> {
  const stopRelaying = relaySignals((signal) => {
    child.kill(signal)
  })
  lock.signal.addEventListener('abort', () => {
    say(`lost the lock on ${JSON.stringify(lock.resource)}, so its program is asked to end`)
    child.kill('SIGTERM')
  })
  const began = performance.now()
  child.letGo(facts)
  const end = await child.ended
  if (end.code === 0 && !lock.signal.aborted) {
    await onSuccess(Math.round(performance.now() - began))
  }
  stopRelaying()
  return end
}

/** Emits the event while the lock is still held, so that events come in the order of the work. */
async function emitEnd(
  { events }: Coordinator,
  { event, resource }: RunPlan,
  program: string,
  durationMs: number,
): Promise<void> {
  if (event === undefined) return
  const { type, data = { program, lock: resource, exitCode: 0, durationMs } } = event
  try {
    await (events as EventBus<Record<string, unknown>>).emit(type, data)
  } catch (error) {
    // The program has done its work, and its exit code says so.
    say(`${type} was not emitted: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Whatever keeps the lock from being taken keeps the program from running. */
function endRefused(error: unknown): void {
  if (error instanceof EarlyEnd) {
    endAs(error.end)
    return
  }
  const exitCode = sayFailure(error, '')
  process.exitCode = error instanceof TypeError ? exitCode : EXIT_BUSY
}
