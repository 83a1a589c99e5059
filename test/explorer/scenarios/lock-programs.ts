import type {
  LockDriver,
  LockGrant,
} from '../../../packages/core/src/locks/contract/lock-driver.js'
import { Home } from '../../../packages/core/src/drivers/local/home/home.js'
import { blockForTurn } from '../../../packages/core/src/drivers/local/locks/block-for-turn.js'
import { createLocalLocks } from '../../../packages/core/src/drivers/local/locks/local-locks.js'
import { LockContext } from '../../../packages/core/src/drivers/local/locks/lock-context.js'
import { CliOpsError } from '../../../packages/core/src/base/errors/cli-ops-error.js'
import type { LockInfo, LockMode } from '../../../packages/core/src/locks/contract/lock-types.js'
import type { Program, SimulatedProcess } from '../engine/program.js'
import { HOME } from '../engine/simulated-file-system.js'
import type { Ghost } from '../engine/world.js'
import {
  arrive,
  comeAs,
  force,
  forced,
  hold,
  leaveQueue,
  type LockGhost,
  queue,
} from './lock-ghost.js'

const RESOURCE = 'db'
const QUEUE = `${HOME}/queues/${RESOURCE}`

/** The real locks, on the simulated machine. */
export function openLocks<G extends Ghost>(process: SimulatedProcess<G>): LockDriver {
  return createLocalLocks(new Home(HOME, '', process.fileSystem), process.surroundings)
}

function request<G extends Ghost>(process: SimulatedProcess<G>, mode: LockMode, turn: number) {
  return { resource: RESOURCE, mode, id: `${mode[0]}${process.index}-${turn}`, held: [] }
}

/** Consecutive commands that try to take the lock, without waiting. */
export const tries = (...modes: LockMode[]): Program<LockGhost>[] =>
  modes.map((mode, turn) => triesAll([mode], turn))

/** The same from one long-lived process, which remembers what it saw. */
export const triesAgain = (...modes: LockMode[]): Program<LockGhost>[] => [triesAll(modes, 0)]

const triesAll =
  (modes: LockMode[], first: number): Program<LockGhost> =>
  (process) => {
    const locks = openLocks(process)
    for (const [turn, mode] of modes.entries()) {
      const grant = unlessFull(() => locks.tryAcquireSync!(request(process, mode, first + turn)))
      if (grant) unlessFull(() => hold(process, grant, mode))
    }
  }

/** Waits for the lock, once for each mode. */
export const waits = (...modes: LockMode[]): Program<LockGhost>[] =>
  modes.map((mode, turn) => async (process) => {
    const locks = openLocks(process)
    const grant = await locks.acquire(request(process, mode, turn), { signal: process.signal })
    hold(process, grant, mode)
  })

/** Waits as a process whose disk can be full, and lives on. */
export const waitsUnlessFull = (mode: LockMode): Program<LockGhost>[] => [
  async (process) => {
    try {
      const asked = request(process, mode, 0)
      hold(process, await openLocks(process).acquire(asked, { signal: process.signal }), mode)
    } catch (error) {
      if (!(error instanceof CliOpsError) || error.code !== 'STORAGE_FAILED') throw error
      // It lives on, so its ticket would keep others waiting.
      const left = process.fileSystem
        .list(QUEUE)
        .filter((name) => name.includes(`~${mode[0]}${process.index}-0~`))
      if (left.length > 0)
        process.note((ghost) => ({ ...ghost, wrong: `a failed wait leaves ${left.join()}` }))
    }
  },
]

/** Waits, and gives up when its timer has fired once. */
export const givesUp =
  (mode: LockMode): Program<LockGhost> =>
  async (process) => {
    const locks = openLocks(process)
    const timeout = new AbortController()
    const stop = process.surroundings.clock.startTimer(1, () => timeout.abort(), {
      persistent: true,
    })
    const signal = AbortSignal.any([timeout.signal, process.signal])
    try {
      const grant = await locks.acquire(request(process, mode, 0), { signal })
      stop()
      hold(process, grant, mode)
    } catch (error) {
      if (!timeout.signal.aborted) throw error
    }
  }

/** A plugin's command: it tries to take the lock, and otherwise blocks for it. */
export const commands = (...modes: LockMode[]): Program<LockGhost>[] =>
  modes.map((mode, turn) => (process) => commandOf(process, mode, turn, Infinity))

/** The same, but it gives up immediately. */
export const commandsInHaste = (mode: LockMode): Program<LockGhost>[] => [
  (process) => commandOf(process, mode, 0, 0),
]

function commandOf(
  process: SimulatedProcess<LockGhost>,
  mode: LockMode,
  turn: number,
  timeoutMs: number,
): void {
  const { fileSystem, surroundings } = process
  const asked = request(process, mode, turn)
  process.note((ghost) => arrive(ghost, asked.id))
  const grant = openLocks(process).tryAcquireSync!(asked) ?? block()
  process.note((ghost) => leaveQueue(ghost, asked.id))
  if (grant === null) return
  process.note((ghost) => comeAs(ghost, asked.id, grant.id))
  hold(process, grant, mode)

  function block(): LockGrant | null {
    const context = new LockContext(new Home(HOME, '', fileSystem), surroundings)
    const onPause = (): void => process.note((ghost) => queue(ghost, asked.id))
    // Requested again, under a new id.
    return blockForTurn(context, { ...asked, id: `${asked.id}-again` }, { timeoutMs, onPause })
  }
}

/** Releases by force whatever holder it finds. */
export const forces: Program<LockGhost> = (process) => {
  const locks = openLocks(process)
  const info = locks.inspect(RESOURCE) as LockInfo | null
  if (info === null || info.id === '') return
  process.note((ghost) => force(ghost, info.id))
  const isReleased = locks.forceRelease(RESOURCE, info.id) as boolean
  process.note((ghost) => forced(ghost, info.id, isReleased))
}

/** Cleans up. */
export const cleans: Program<Ghost> = (process) => {
  void openLocks(process).clean()
}

/** Takes the lock and dies with it. */
export const diesHolding =
  (mode: LockMode): Program<Ghost> =>
  (process) => {
    if (openLocks(process).tryAcquireSync!(request(process, mode, 0)) === null)
      throw new Error('the lock was to be free')
  }

/** Takes the lock and releases it, so that every permanent file exists. */
export const used: Program<Ghost> = (process) => {
  openLocks(process).tryAcquireSync!(request(process, 'exclusive', 0))?.releaseSync?.()
}

/** The same as a sharer. */
export const usedShared: Program<Ghost> = (process) => {
  openLocks(process).tryAcquireSync!(request(process, 'shared', 0))?.releaseSync?.()
}

/** A full disk is an error of this attempt only. */
function unlessFull<T>(operation: () => T): T | undefined {
  try {
    return operation()
  } catch (error) {
    if (error instanceof CliOpsError && error.code === 'STORAGE_FAILED') return undefined
    throw error
  }
}
