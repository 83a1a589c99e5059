import { realpathSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import type { LockGrant } from '../drivers/lock-driver.js'
import { CliOpsError } from '../errors/cli-ops-error.js'
import { assertName } from '../names/assert-name.js'
import { printable } from '../diagnostics/message.js'
import type { HeldLock } from './held-lock.js'
import { lockHeldError, lockTimeoutError } from './lock-errors.js'
import type { LockInfo, LockOptions } from './lock-types.js'
import { WaitLimit } from './lock-wait.js'

/** proper-lockfile has no queue, so another tool's lock is asked for again and again. */
const RETRY_MS = 50

/** proper-lockfile's own defaults, which its other users on the machine judge this lock by. */
const STALE_MS = 10_000
const UPDATE_MS = 5_000

/** Options with the limit filled in. */
type FileLockOptions = LockOptions & { readonly timeoutMs: number }

/**
 * Takes a named lock for a file and under it proper-lockfile's lock, `<file>.lock`.
 *
 * The order makes users of the kit queue for the name, so at most one of them at a time deals with
 * proper-lockfile, whose takeover of a stale lock lets two in when they race. What a crash leaves there is taken
 * over after its 10 s of staleness, as proper-lockfile's users know it.
 */
export async function lockFile(
  path: string,
  options: FileLockOptions,
  obtain: (resource: string, options: LockOptions) => Promise<HeldLock>,
): Promise<HeldLock> {
  const file = realPathOf(path)
  if (options.mode === 'shared') {
    throw new TypeError("mode must be 'exclusive' for a file: proper-lockfile knows no other")
  }
  const started = performance.now()
  const named = await obtain(resourceOf(file), options)
  try {
    const left = Math.max(0, options.timeoutMs - (performance.now() - started))
    const release = await lockProperly(file, { ...options, timeoutMs: left }, options.timeoutMs)
    return named.under((grant) => withFile(grant, release))
  } catch (error) {
    await named.release()
    throw error
  }
}

/** The names of two paths to one file are the same, also through links and on file systems that fold case. */
function realPathOf(path: string): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new TypeError(`path must be the path of a file, got ${JSON.stringify(path)}`)
  }
  try {
    return realpathSync.native(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(path, error)
  }
  try {
    // The file is yet to be made.
    const absolute = resolve(path)
    return join(realpathSync.native(dirname(absolute)), basename(absolute))
  } catch (error) {
    throw unusable(path, error)
  }
}

function unusable(path: string, error: unknown): CliOpsError {
  const { code } = error as NodeJS.ErrnoException
  return new CliOpsError('STORAGE_FAILED', `cannot lock ${printable(path)}: ${String(code)}`, {
    cause: error,
    details: { path, errno: code },
  })
}

function resourceOf(file: string): string {
  const name = `file:${file}`
  if (isName(name)) return name
  const { createHash } = process.getBuiltinModule('node:crypto')
  return `file:${createHash('sha256').update(file).digest('hex')}`
}

// A path may be longer than a name, and hold what a name may not.
function isName(text: string): boolean {
  try {
    assertName('resource', text)
    return true
  } catch {
    return false
  }
}

/** proper-lockfile's lock of one file. */
interface ProperLock {
  isCompromised(): boolean
  onCompromised(listener: () => void): () => void
  release(): Promise<void>
  releaseSync(): void
}

async function lockProperly(
  file: string,
  options: FileLockOptions,
  totalMs: number,
): Promise<ProperLock> {
  const { lock, unlock, unlockSync } = (await import('proper-lockfile')).default
  const listeners = new Set<() => void>()
  let compromised = false
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
      if (!told) options.onWait?.(otherTool(file))
      await delay(RETRY_MS, undefined, { signal: limit.signal }).catch(() => {
        if (limit.timedOut) throw lockTimeoutError(file, otherTool(file), totalMs)
        throw limit.signal.reason
      })
    }
  } finally {
    limit.dispose()
  }
  return {
    isCompromised: () => compromised,
    onCompromised: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    // After the loss proper-lockfile knows the lock no more, and another's must not be removed.
    release: async () => {
      if (!compromised) await unlock(file, { realpath: false }).catch(ignoreUnlocked)
    },
    releaseSync: () => {
      try {
        if (!compromised) unlockSync(file, { realpath: false })
      } catch (error) {
        ignoreUnlocked(error)
      }
    },
  }
}

function withFile(grant: LockGrant, file: ProperLock): LockGrant {
  return {
    id: grant.id,
    token: grant.token,
    grantedAt: grant.grantedAt,
    isHeld: () => !file.isCompromised() && grant.isHeld(),
    onLost: (listener) => {
      const stops = [grant.onLost(listener), file.onCompromised(listener)]
      return () => {
        for (const stop of stops) stop()
      }
    },
    // The file first: whoever gets the name next may count on it.
    release: async () => {
      await file.release()
      await grant.release()
    },
    ...(grant.releaseSync !== undefined && {
      releaseSync: () => {
        file.releaseSync()
        grant.releaseSync?.()
      },
    }),
  }
}

// It runs at exit as well, when proper-lockfile's own exit handler may have come first.
function ignoreUnlocked(error: unknown): void {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOTACQUIRED' && code !== 'ERELEASED') throw error
}

// proper-lockfile's lock is an empty directory: it does not say whose it is.
function otherTool(file: string): LockInfo {
  let since = new Date()
  try {
    since = statSync(`${file}.lock`).mtime
  } catch {
    // Released in the meantime.
  }
  const owner = { name: 'another program', pid: 0, host: hostname(), user: '' }
  return {
    resource: file,
    id: 'proper-lockfile',
    token: 0n,
    owner: { ...owner, startedAt: since, state: 'unknown' },
    since,
    mode: 'exclusive',
    waiters: [],
  }
}
