import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../../src/drivers/local/home/home.js'
import { createLocalLocks } from '../../../../src/drivers/local/locks/local-locks.js'
import {
  LockContext,
  type LockSurroundings,
} from '../../../../src/drivers/local/locks/lock-context.js'
import { enterQueue } from '../../../../src/drivers/local/locks/queue.js'
import { realSurroundings } from '../../../../src/drivers/local/locks/real-surroundings.js'
import { releaseClaim } from '../../../../src/drivers/local/locks/claim.js'
import { waitForTurn } from '../../../../src/drivers/local/locks/wait-for-turn.js'
import type { LockRequest } from '../../../../src/locks/contract/lock-driver.js'
import type { LockInfo } from '../../../../src/locks/contract/lock-types.js'
import type { Liveness } from '../../../../src/base/process/liveness.js'
import { identityOf } from '../../../../src/base/process/identity-of.js'
import { nudge, onNudge } from '../../../../src/base/process/nudge.js'
import { ownIdentity } from '../../../../src/base/process/process-identity.js'
import { surroundingsAt } from '../../../fixtures/lock-surroundings.js'
import { temporaryHome } from '../../../fixtures/temporary-home.js'

const HAS_IDENTITIES = existsSync('/proc/sys/kernel/random/boot_id')
const WAITERS = 12

/** Processes of one kernel, distinguished by their pids, that check the lock either when notified or by polling, never both. */
class Crowd {
  readonly #looksBy: 'nudges' | 'time'
  /** Called once, when a process is about to take the lock. */
  onClaim: (() => void) | undefined
  readonly home = new Home(temporaryHome(), '', {
    ...nodeFileSystem,
    rename: (from, to) => {
      const { onClaim } = this
      if (to.includes('held~')) {
        this.onClaim = undefined
        onClaim?.()
      }
      nodeFileSystem.rename(from, to)
    },
  })
  readonly turns: number[] = []
  readonly fates = new Map<number, Liveness>()
  readonly #listeners = new Map<number, () => void>()

  constructor(looksBy: 'nudges' | 'time' = 'nudges') {
    this.#looksBy = looksBy
  }

  /** Resolves when the process has the lock, which it releases immediately. */
  async takeTurn(pid: number, signal = new AbortController().signal): Promise<void> {
    const locks = createLocalLocks(this.home, this.#surroundings(pid))
    const grant = await locks.acquire(requestOf(pid), { signal })
    this.turns.push(pid)
    grant.releaseSync?.()
  }

  /** As {@link takeTurn} for a held lock, with the first check within the call. */
  async waitAtOnce(pid: number): Promise<void> {
    const context = new LockContext(this.home, this.#surroundings(pid))
    const ticket = enterQueue(context, requestOf(pid), process.hrtime.bigint())
    const { signal } = new AbortController()
    const claim = await waitForTurn(context, requestOf(pid), { signal }, ticket)
    this.turns.push(pid)
    releaseClaim(context, claim)
  }

  /** Leaves a ticket of a process that will not check again. */
  leaveTicket(pid: number, fate: Liveness): void {
    this.fates.set(pid, fate)
    const context = new LockContext(this.home, this.#surroundings(pid))
    enterQueue(context, requestOf(pid), process.hrtime.bigint())
  }

  /** How many wait for the lock. */
  get waiting(): number {
    const info = createLocalLocks(this.home, this.#surroundings(1)).inspect('db') as LockInfo | null
    return info?.waiters.length ?? 0
  }

  /** Takes the free lock; returns a function that releases it. */
  take(pid: number): () => void {
    const locks = createLocalLocks(this.home, this.#surroundings(pid))
    const grant = locks.tryAcquireSync?.(requestOf(pid))
    return () => grant?.releaseSync?.()
  }

  /** Holds the lock until that many wait. */
  async hold(until: number): Promise<void> {
    const release = this.take(1)
    await vi.waitFor(() => {
      expect(this.#listeners.size).toBe(until)
    }, 20_000)
    release()
  }

  #surroundings(pid: number): LockSurroundings {
    const identity = { ...ownIdentity(), pid, tid: pid }
    const real = surroundingsAt(0)
    if (this.#looksBy === 'time') {
      return {
        ...real,
        identity: () => identity,
        judge: (other) => this.fates.get(other.pid) ?? 'running',
        nudge: () => true,
        onNudge: () => undefined,
      }
    }
    return {
      ...real,
      clock: { ...real.clock, startTimer: () => () => undefined },
      identity: () => identity,
      judge: (other) => this.fates.get(other.pid) ?? 'running',
      nudge: (other) => {
        if (this.fates.has(other.pid)) return false
        const listener = this.#listeners.get(other.pid)
        if (listener !== undefined) setImmediate(listener)
        return true
      },
      onNudge: (listener) => {
        this.#listeners.set(pid, listener)
        return () => this.#listeners.delete(pid)
      },
    }
  }
}

function requestOf(pid: number): LockRequest {
  return { resource: 'db', mode: 'exclusive', id: `of-${pid}`, held: [] }
}

afterEach(async () => {
  // A process listens for a while longer, in case it waits again.
  await vi.waitFor(() => {
    expect(process.listenerCount('SIGURG')).toBe(0)
  }, 60_000)
})

describe.skipIf(!HAS_IDENTITIES)('a queue in which no waiter polls', () => {
  const pids = Array.from({ length: WAITERS }, (_, index) => 100 + index)

  test('moves on, since a leaver notifies the waiter that moves up', async () => {
    const crowd = new Crowd()
    const held = crowd.hold(WAITERS)
    await Promise.all([held, ...pids.map((pid) => crowd.takeTurn(pid))])
    expect(crowd.turns).toEqual(pids)
  })

  test('moves on past a waiter that came after the leaver’s check', async () => {
    const crowd = new Crowd()
    const release = crowd.take(1)
    const turns = [crowd.waitAtOnce(100), crowd.waitAtOnce(101)]
    crowd.onClaim = () => turns.push(crowd.waitAtOnce(102))
    release()
    await vi.waitFor(() => {
      expect(turns).toHaveLength(3)
    }, 60_000)
    await Promise.all(turns)
    expect(crowd.turns).toEqual([100, 101, 102])
  })

  test.each<[string, Liveness[]]>([
    ['died', ['dead', 'dead', 'dead']],
    ['are stopped', ['stopped', 'stopped', 'stopped']],
    ['did one or the other', ['stopped', 'dead', 'stopped', 'dead', 'stopped']],
  ])('skips waiters that %s, at its head and in its middle', async (_, fates) => {
    const crowd = new Crowd()
    const held = crowd.hold(WAITERS)
    fates.forEach((fate, index) => crowd.leaveTicket(10 + index, fate))
    const taking = pids.slice(0, 5).map((pid) => crowd.takeTurn(pid))
    fates.forEach((fate, index) => crowd.leaveTicket(20 + index, fate))
    taking.push(...pids.slice(5).map((pid) => crowd.takeTurn(pid)))
    await Promise.all([held, ...taking])
    expect(crowd.turns).toEqual(pids)
  })
})

describe.skipIf(!HAS_IDENTITIES)('a queue in which all waiters poll', () => {
  const pids = Array.from({ length: WAITERS }, (_, index) => 100 + index)
  test('moves on in order, even for waiters far back and past those that give up', async () => {
    const crowd = new Crowd('time')
    const release = crowd.take(1)
    const giveUp = new AbortController()
    const leaving = new Set([pids[2], pids[7], pids[8]])
    const turns = pids.map((pid) =>
      crowd.takeTurn(pid, leaving.has(pid) ? giveUp.signal : undefined),
    )
    await vi.waitFor(() => {
      expect(crowd.waiting).toBe(WAITERS)
    }, 60_000)
    giveUp.abort(new Error('gives up'))
    const gone = turns.filter((_, index) => leaving.has(pids[index]))
    for (const turn of gone) await expect(turn).rejects.toThrow('gives up')
    release()
    await Promise.all(turns.filter((turn) => !gone.includes(turn)))
    expect(crowd.turns).toEqual(pids.filter((pid) => !leaving.has(pid)))
  }, 60_000)
})

describe.skipIf(!HAS_IDENTITIES)('a nudge', () => {
  test('does nothing to a process that does not listen', async () => {
    const child = spawn('cat')
    onTestFinished(() => void child.kill('SIGKILL'))
    await once(child, 'spawn')
    nudge(identityOf(child.pid ?? 0))
    child.stdin.write('as before')
    expect(String(await once(child.stdout, 'data'))).toBe('as before')
  })

  test('to a stopped waiter goes to the next one as well, and arrives when the first continues', async () => {
    const program = "process.on('SIGURG', () => console.log('nudged')); console.log('listens')"
    const child = spawn(process.execPath, ['-e', `${program}; setInterval(() => {}, 1e6)`])
    onTestFinished(() => void child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    const identity = identityOf(child.pid ?? 0)
    const surroundings = realSurroundings(new Home(temporaryHome(), '', nodeFileSystem))
    child.kill('SIGSTOP')
    await vi.waitFor(() => {
      expect(surroundings.judge(identity)).toBe('stopped')
    })
    expect(surroundings.nudge?.(identity)).toBe(false)
    const heard = once(child.stdout, 'data')
    child.kill('SIGCONT')
    expect(String(await heard)).toBe('nudged\n')
    expect(surroundings.nudge?.(identity)).toBe(true)
  })

  test('is not sent if the pid could belong to another process', async () => {
    const heard: string[] = []
    const stop = onNudge(() => heard.push('nudge'))
    nudge({ ...ownIdentity(), boot: 'another' })
    nudge({ ...ownIdentity(), pidNamespace: '1' })
    const after = once(process, 'SIGURG')
    expect(heard).toEqual([])
    process.kill(process.pid, 'SIGURG')
    await after
    stop?.()
    expect(heard).toEqual(['nudge'])
  })

  test('reaches all listeners, and none that has stopped listening', async () => {
    const heard: string[] = []
    const first = onNudge(() => heard.push('first'))
    const both = new Promise<void>((resolve) => {
      const second = onNudge(() => {
        heard.push('second')
        second?.()
        resolve()
      })
    })
    nudge(ownIdentity())
    await both
    first?.()
    expect(heard).toEqual(['first', 'second'])
  })
})
