import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

import type { LockGrant } from '../drivers/lock-driver.js'
import { assertName } from '../names/assert-name.js'
import type { HeldLock } from './held-lock.js'
import type { LockOptions } from './lock-types.js'
import { type FileLockOptions, lockProperly, type ProperLock, unusable } from './proper-lock.js'

/**
 * Takes a named lock for a file and under it proper-lockfile's lock, `<file>.lock`.
 *
 * The order makes users of the kit queue for the name, so at most one of them at a time deals with
 * proper-lockfile, whose takeover of a stale lock lets two in when they race. What a crash leaves there is taken
 * over after its 10 s of staleness, as proper-lockfile's users know it. The name is given back once the file's lock is gone:
 * where that cannot be removed, `release` says so and both stay, until it is called again or the process ends.
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
    const proper = await lockProperly(file, { ...options, timeoutMs: left }, options.timeoutMs)
    return named.under((grant) => withFile(grant, proper))
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

function withFile(grant: LockGrant, file: ProperLock): LockGrant {
  return {
    id: grant.id,
    token: grant.token,
    grantedAt: grant.grantedAt,
    isHeld: () => file.isHeld() && grant.isHeld(),
    onLost: (listener) => {
      const stops = [grant.onLost(listener), file.onCompromised(listener)]
      return () => {
        for (const stop of stops) stop()
      }
    },
    // The file first, and the name only then: whoever gets it next may count on the file's lock being gone.
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
