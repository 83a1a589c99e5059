import type { LockSurroundings } from '../../../packages/core/src/drivers/local/locks/lock-context.js'
import type { ProcessIdentity } from '../../../packages/core/src/base/process/process-identity.js'
import {
  concludeLiveness,
  type Liveness,
} from '../../../packages/core/src/base/process/conclude-liveness.js'
import type { Execution } from './execution.js'
import { AWAIT_OTHERS, type SimulatedProcess } from './program.js'
import { createSimulatedFileSystem } from './simulated-file-system.js'
import type { Ghost, Machine, World } from './world.js'

const FIRST_PID = 1000

/** When every kernel booted, and when every process began. */
const BOOTED_AT_MS = 1_000_000
const SEEN_AT = '2000'

/** Returns the identity of the process with this index; any other pid died long ago. */
export function identityOf(index: number, facts: Machine['facts'] = 'shown'): ProcessIdentity {
  const pid = FIRST_PID + index
  const hidden = { start: '', boot: '', pidNamespace: '', machine: '' }
  return {
    pid,
    tid: pid,
    start: '7',
    boot: facts === 'kernels' ? `b007b007b0${10 + index}` : 'b007b007b007',
    // The initial one, where a process leaves only its name.
    pidNamespace: '4026531836',
    machine: 'abcd',
    ...(facts === 'hidden' && hidden),
    seenAt: SEEN_AT,
  }
}

interface Timer {
  readonly dueMs: number
  readonly callback: () => void
}

/** Creates a process's view of the simulated machine. */
export function createSimulatedProcess<G extends Ghost>(
  execution: Execution<G>,
  index: number,
  identity: number,
): SimulatedProcess<G> {
  const self = identityOf(identity, execution.machine.facts)
  const timers = new Set<Timer>()
  let abort: AbortController | undefined
  const now = (): number => execution.read('clock', ({ nowMs }) => nowMs)
  const surroundings: LockSurroundings = {
    clock: {
      now,
      // One order for all schedules: the order of the queue is independent of the order of arrival.
      monotonicNs: () => BigInt(now()) * 1_000_000n + BigInt(index),
      startTimer: (ms, callback) => {
        const timer = { dueMs: ms, callback }
        timers.add(timer)
        return () => timers.delete(timer)
      },
      sleep: () => execution.sleep(),
    },
    identity: () => self,
    announce: () => undefined,
    removeAnnouncements: () => undefined,
    judge: (identity) =>
      execution.operate({
        what: `judge ${identity.pid}`,
        perform: (world) => [{ world, result: judge(world, self, identity) }],
      }) as Liveness,
    startedAt: () => 0,
    waitingAncestors: () => [],
    // A hint only says when to check, and all moments to check are explored.
    onNudge: () => undefined,
  }
  return {
    index,
    fileSystem: createSimulatedFileSystem(execution, index),
    surroundings,
    get signal() {
      return (abort ??= new AbortController()).signal
    },
    now,
    pause: (what) => {
      execution.operate({ what, perform: (world) => [{ world }] })
    },
    awaitOthers: () => {
      execution.operate({ what: AWAIT_OTHERS, perform: (world) => [{ world }] })
    },
    note: (change) => execution.note(change),
    fireTimer: () => {
      const [next] = [...timers].sort((one, other) => one.dueMs - other.dueMs)
      if (next === undefined) return
      timers.delete(next)
      next.callback()
    },
    abandon: (reason) => abort?.abort(reason),
  }
}

function judge(world: World, self: ProcessIdentity, identity: ProcessIdentity): Liveness {
  const { facts, deadLook } = world.machine
  if (facts !== 'shown')
    return concludeLiveness(identity, self, {
      localFileSystem: true,
      bootedAt: () => BOOTED_AT_MS,
      // A process's own container or kernel shows only the process itself.
      inTable: () => (identity.pid === self.pid ? 'running' : 'dead'),
      elsewhere: () => 'unknown',
    })
  const process = world.processes[identity.pid - FIRST_PID]
  if (process === undefined || process.status === 'ended') return 'dead'
  if (process.status === 'crashed') return deadLook
  return process.isStopped ? 'stopped' : 'running'
}
