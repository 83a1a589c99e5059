import { statSync } from 'node:fs'
import { hostname } from 'node:os'

import { printable } from '../base/terminal/printable.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { lockHeldError, lockTimeoutError } from './lock-errors.js'
import { LockRemains } from './lock-remains.js'
import type { LockInfo, LockOptions, Owner } from './contract/lock-types.js'
import { WaitLimit } from './lock-wait.js'
import { tellWaiting } from './tell-waiting.js'
import { pause } from '../base/wait/pause.js'

/** proper-lockfile has no queue, so another tool's lock is polled. */
const RETRY_MS = 50

/** proper-lockfile's defaults, by which its other users judge this lock. */
const STALE_MS = 10_000
const UPDATE_MS = 5_000

/** Options with the limit filled in. */
export type FileLockOptions = LockOptions & { readonly timeoutMs: number }

/** proper-lockfile's lock of one file. */
export interface ProperLock {
  /** False once it is compromised, and from the first attempt to release it, after which it is no longer renewed. */
  isHeld(): boolean
  onCompromised(listener: () => void): () => void
  /**
   * Removes the lock. If that fails, call it again to retry.
   *
   * @throws CliOpsError `STORAGE_FAILED`, naming what could not be removed
   */
  release(): Promise<void>
  releaseSync(): void
}

/** Waits for the lock of a file and takes it. Throws like `LockManager.lockFile`. */
export async function lockProperly(
  file: string,
  options: FileLockOptions,
  totalMs: number,
): Promise<ProperLock> {
  const { lock, unlock, unlockSync } = (await import('proper-lockfile')).default
  const listeners = new Set<() => void>()
  let compromised = false
  let released = false
  let remains: LockRemains | undefined
  const settings = {
    realpath: false,
    stale: STALE_MS,
    update: UPDATE_MS,
    onCompromised: () => {
      compromised = true
      for (const listener of listeners) listener()
    },
  }
  const limit = new WaitLimit(options.timeoutMs, [options.signal])
  try {
    for (let told = false; ; told = true) {
      try {
        await lock(file, settings)
        break
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw unusable(file, error)
      }
      if (totalMs === 0) throw lockHeldError(file, otherTool(file))
      if (!told)
        tellWaiting(options.onWait, otherTool(file), (error) => {
          limit.end(error)
        })
      await pause(RETRY_MS, limit.signal)
      if (limit.timedOut) throw lockTimeoutError(file, otherTool(file), totalMs)
      limit.signal.throwIfAborted()
    }
  } finally {
    limit.dispose()
  }
  // proper-lockfile forgets a lock before it removes it, so it would reject a second attempt.
  const fail = (error: unknown): void => {
    if (isUnlocked(error)) return
    remains = LockRemains.at(`${file}.lock`)
    throw irremovable(file, error)
  }
  const removeRemains = (): void => {
    try {
      remains?.remove()
      remains = undefined
    } catch (error) {
      throw irremovable(file, error)
    }
  }
  return {
    isHeld: () => !compromised && !released,
    onCompromised: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    release: async () => {
      // proper-lockfile forgets a lost lock, and another process's lock must not be removed.
      if (compromised) return
      if (released) removeRemains()
      else {
        released = true
        await unlock(file, { realpath: false }).catch(fail)
      }
    },
    releaseSync: () => {
      if (compromised) return
      if (released) removeRemains()
      else {
        released = true
        try {
          unlockSync(file, { realpath: false })
        } catch (error) {
          fail(error)
        }
      }
    },
  }
}

/** The error for a path that cannot be locked. */
export function unusable(path: string, error: unknown): CliOpsError {
  const { code } = error as NodeJS.ErrnoException
  return new CliOpsError('STORAGE_FAILED', `cannot lock ${printable(path)}: ${String(code)}`, {
    cause: error,
    details: { path, errno: code },
  })
}

function irremovable(file: string, error: unknown): CliOpsError {
  const { code } = error as NodeJS.ErrnoException
  const path = `${file}.lock`
  return new CliOpsError(
    'STORAGE_FAILED',
    `cannot remove ${printable(path)} (${String(code)}), so ${printable(file)} stays locked; release it again once that is fixed`,
    { cause: error, details: { path, errno: code } },
  )
}

// This also runs at exit, where proper-lockfile's own exit handler might have run first.
function isUnlocked(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOTACQUIRED' || code === 'ERELEASED'
}

// proper-lockfile's lock is an empty directory, which does not name its owner.
function otherTool(file: string): LockInfo {
  let since = new Date()
  try {
    since = statSync(`${file}.lock`).mtime
  } catch {
    // Released in the meantime.
  }
  const facts = { name: 'another program', pid: 0, host: hostname(), user: '' }
  const owner: Owner = { ...facts, startedAt: since, state: 'unknown' }
  const holder = { id: 'proper-lockfile', token: 0n, owner, since }
  return {
    resource: file,
    ...holder,
    mode: 'exclusive',
    waiters: [],
    holders: [holder],
    waiting: [],
  }
}
