import { Socket } from 'node:net'
import { basename } from 'node:path'

import type { Coordinator, EventBus } from '@cli-ops/shared-ipc'
import {
  type ConfiguredConnection,
  isJoinedHere,
  openOwnerSocket,
  type OwnerSocket,
  say,
} from '@cli-ops/shared-ipc/ops/wrap'

import { type ChildEnd, exitCodeOf } from './child-end.js'
import type { DescendantsKeeper } from './descendants-keeper.js'
import { EarlyEnd } from './early-end.js'
import { followProgram } from './follow-program.js'
import { type GatedChild, type LockFacts, startGated, startPlainly } from './gated-child.js'
import { inheritedDescriptors } from './inherited-descriptors.js'
import type { KilledRun } from './killed-run.js'
import type { OrphanWatch } from './orphan-watch.js'
import { programName } from './program-name.js'
import type { RunPlan } from './run-options.js'
import { RunNotes } from './run-notes.js'
import { lazyCoordinator, takeRunLock } from './take-run-lock.js'

/** Descendants that outlive the program by less than this count as ended with it. */
const KEEPER_GRACE_MS = 50

/** The processes that hold a run's lock besides the program. */
interface Bearers {
  readonly socket: OwnerSocket | undefined
  readonly keeper: DescendantsKeeper | undefined
  readonly gated: GatedChild | undefined
}

/**
 * Runs a program under a lock and returns its end. The process that becomes the program exists before the lock is requested. The lock is taken
 * on its behalf and on behalf of the process that has work left afterwards: this process, which emits the event, or the keeper, which waits for
 * the descendants. The lock ends with the last of both, whatever happens to this process.
 *
 * @param lifeline the descriptor that shows whether the parent process is alive
 */
export async function runProgram(
  configured: ConfiguredConnection,
  plan: RunPlan,
  program: readonly string[],
  lifeline: number | undefined,
): Promise<ChildEnd> {
  const wrapper = watchLifeline(lifeline)
  const coordinator = lazyCoordinator(configured.options)
  const bearers = await startBearers(configured, plan, program, lifeline)
  const { socket, keeper, gated } = bearers
  let watch: OrphanWatch | undefined
  try {
    const owners = ownersOf(bearers)
    if (owners !== undefined) socket?.answerFor(owners.ownerPid)
    const asker = { owners, child: gated, signal: wrapper.signal, coordinator: coordinator.get }
    const notes = new RunNotes(configured, plan, owners?.ownerPid)
    const lock = await notes.follow(takeRunLock(configured, plan, asker))
    wrapper.forget()
    // Loaded while the program runs, so that others do not wait for that under the lock.
    if (plan.event !== undefined) coordinator.get().catch(() => undefined)
    const command = `run ${programName(program)}`
    watch = await watchOrphan(configured, bearers, notes.facts(lock, command))
    const facts: LockFacts = {
      CLI_OPS_LOCK_RESOURCE: plan.resource,
      CLI_OPS_LOCK_ID: lock.id,
      CLI_OPS_LOCK_TOKEN: String(lock.token),
      ...(lock.slot !== undefined && { CLI_OPS_LOCK_SLOT: lock.slot }),
    }
    const child = gated ?? startPlainly(program, facts)
    const end = await followProgram(child, lock, facts, {
      killAfterMs: plan.killAfterMs,
      onLost: () => notes.tellTaker(lock),
      onAsked: () => notes.tellReplacer(lock),
      onSuccess: async (durationMs) => {
        await emitEnd(coordinator.get, plan, basename(program[0] ?? ''), durationMs)
      },
    })
    const tell = async (): Promise<boolean> => {
      if (!(await isToldOf(configured, plan))) return false
      const { tellRunEnded } = await import('@cli-ops/shared-ipc/command/runs')
      await tellRunEnded(configured.options, lock, exitCodeOf(end))
      return true
    }
    const isTold = await tell()
    // Remaining descendants keep the lock, and this process ends without releasing it.
    const isKept = keeper !== undefined && !(await keeper.endsWithin(KEEPER_GRACE_MS))
    if (!isKept) {
      await lock.release()
      socket?.remove()
      // Others could join until now.
      if (!isTold) await tell()
    }
    await notes.end(lock, await child.ended, isKept)
    return end
  } catch (error) {
    gated?.giveUp()
    keeper?.kill()
    socket?.remove()
    throw error
  } finally {
    watch?.stop()
    wrapper.forget()
    await coordinator.close()
  }
}

/** Returns whether others want to know how the program ended: those who have joined it. */
async function isToldOf(
  { connection, options }: ConfiguredConnection,
  { resource, onBusy }: RunPlan,
): Promise<boolean> {
  if (onBusy === 'join') return true
  if (connection.disabled) return false
  if (connection.urlOf('locks') === 'local:') return isJoinedHere(connection, resource)
  const { isJoined } = await import('@cli-ops/shared-ipc/command/runs')
  return isJoined(options, resource)
}

async function startBearers(
  { connection }: ConfiguredConnection,
  { resource, keepFor }: RunPlan,
  program: readonly string[],
  lifeline: number | undefined,
): Promise<Bearers> {
  const socket = openOwnerSocket(connection)
  // On Windows a process ends with its parent, so this process can hold the lock.
  if (process.platform === 'win32') return { socket, keeper: undefined, gated: undefined }
  const inherited = inheritedDescriptors().filter((descriptor) => descriptor !== lifeline)
  const descriptors = socket === undefined ? [] : [socket.descriptor]
  if (keepFor === 'child') {
    const gated = startGated(program, resource, inherited, descriptors)
    return { socket, keeper: undefined, gated }
  }
  const { startKeeper } = await import('./descendants-keeper.js')
  const keeper = startKeeper(program, descriptors)
  const gated = startGated(program, resource, inherited, [keeper.pipe])
  // Before any process sees that it holds the lock.
  await keeper.watch(gated.pid)
  return { socket, keeper, gated }
}

function ownersOf({ keeper, gated }: Bearers) {
  if (gated === undefined) return undefined
  return keeper === undefined
    ? { ownerPid: gated.pid, partnerPid: process.pid }
    : { ownerPid: keeper.pid, partnerPid: gated.pid }
}

/** Starts the process that handles the program if this process is killed. */
async function watchOrphan(
  { connection }: ConfiguredConnection,
  { gated, keeper, socket }: Bearers,
  run: KilledRun,
): Promise<OrphanWatch | undefined> {
  const isEngine = !connection.disabled && !/^(?:local|memory):/u.test(connection.urlOf('locks'))
  if (gated === undefined || (!isEngine && (socket === undefined || keeper !== undefined)))
    return undefined
  const { endOrphan, keepForOrphan } = await import('./orphan-watch.js')
  if (!isEngine && socket !== undefined) return keepForOrphan(gated.pid, socket.descriptor)
  const { killedRunRecorder } = await import('./killed-run.js')
  return endOrphan(gated.pid, run.resource, killedRunRecorder(run))
}

/** Watches the parent process until the program starts: a wait without a parent ends immediately. */
function watchLifeline(descriptor: number | undefined): {
  readonly signal: AbortSignal
  forget(): void
} {
  const gone = new AbortController()
  const lifeline = descriptor === undefined ? undefined : new Socket({ fd: descriptor })
  lifeline?.on('error', () => undefined)
  lifeline?.on('end', () => {
    gone.abort(new EarlyEnd({ code: null, signal: 'SIGKILL' }))
  })
  lifeline?.resume()
  return {
    signal: gone.signal,
    forget: () => {
      lifeline?.removeAllListeners('end')
      lifeline?.unref()
    },
  }
}

/** Emits the event while the lock is still held, so that events follow the order of the work. */
async function emitEnd(
  coordinator: () => Promise<Coordinator>,
  { event, resource }: RunPlan,
  program: string,
  durationMs: number,
): Promise<void> {
  if (event === undefined) return
  const { type, data = { program, lock: resource, exitCode: 0, durationMs } } = event
  try {
    const { events } = await coordinator()
    await (events as EventBus<Record<string, unknown>>).emit(type, data)
  } catch (error) {
    // The program has done its work, and its exit code says so.
    say(`${type} was not emitted: ${error instanceof Error ? error.message : String(error)}`)
  }
}
