import type { LockGrant } from './contract/lock-driver.js'
import { assertName } from '../base/names/assert-name.js'
import { findFile, type NamedFile } from './file-names.js'
import type { HeldLock } from './held-lock.js'
import type { LockOptions } from './contract/lock-types.js'
import { type FileLockOptions, lockProperly, type ProperLock } from './proper-lock.js'

/** How often to look up a file again after its names changed during the wait for its lock. */
const MAX_ATTEMPTS = 10

/** Takes the locks that make up a file's lock. */
export interface FileLockParts {
  /** The lock to show. */
  main(resource: string, options: LockOptions): Promise<HeldLock>
  /** The lock of one of the file's other names, shown as the main one. */
  alias(resource: string, shownAs: string, options: LockOptions): Promise<HeldLock>
}

/**
 * Takes a named lock for a file and, under it, proper-lockfile's lock, `<file>.lock`.
 *
 * Users of the kit queue for the name, so at most one of them at a time deals with proper-lockfile, whose takeover of a stale lock
 * admits two racing processes. As usual with proper-lockfile, the lock of a crashed process is taken over after 10 s. The name is
 * released once the file's lock is gone. If that cannot be removed, `release` rejects and both stay until it is called again or the
 * process ends.
 *
 * A path can come to mean another file when a link on it changes, and a file can have several names. So all its known names are locked
 * with it. Then the file is looked up again, since it might have been created, moved or linked during the wait.
 */
export async function lockFile(
  path: string,
  options: FileLockOptions,
  parts: FileLockParts,
): Promise<HeldLock> {
  assertPath(path)
  if (options.mode === 'shared') {
    throw new TypeError("mode must be 'exclusive' for a file: proper-lockfile has no shared mode")
  }
  if (options.slots !== undefined) throw new TypeError('a file lock has no slots')
  const started = performance.now()
  const rest = (): FileLockOptions => {
    const left = Math.max(0, options.timeoutMs - (performance.now() - started))
    return { ...options, timeoutMs: left }
  }
  for (let attempt = 1; ; attempt += 1) {
    const file = findFile(path)
    const held: HeldLock[] = []
    try {
      const resource = resourceOf(file.path)
      const main = await parts.main(resource, attempt === 1 ? options : rest())
      held.push(main)
      for (const alias of file.aliases)
        held.push(await parts.alias(nameOf(alias), resource, rest()))
      if (!isSameFile(file, findFile(path)) && attempt < MAX_ATTEMPTS) {
        await releaseAll(held)
        continue
      }
      const proper = await lockProperly(file.path, rest(), options.timeoutMs)
      return main.under((grant) => withFile(grant, proper, held.slice(1)))
    } catch (error) {
      await releaseAll(held)
      throw error
    }
  }
}

/** New names must be locked too; a name that is gone does no harm. */
function isSameFile(before: NamedFile, now: NamedFile): boolean {
  return before.path === now.path && now.aliases.every((alias) => before.aliases.includes(alias))
}

async function releaseAll(held: readonly HeldLock[]): Promise<void> {
  for (const lock of held.toReversed()) await lock.release()
}

function assertPath(path: string): void {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new TypeError(`path must be the path of a file, got ${JSON.stringify(path)}`)
  }
}

function resourceOf(file: string): string {
  return nameOf(`file:${file}`)
}

function nameOf(name: string): string {
  if (isName(name)) return name
  const { createHash } = process.getBuiltinModule('node:crypto')
  const [kind = ''] = name.split(':', 1)
  return `${kind}:${createHash('sha256')
    .update(name.slice(kind.length + 1))
    .digest('hex')}`
}

// A path can be longer than a name, and contain characters that names cannot.
function isName(text: string): boolean {
  try {
    assertName('resource', text)
    return true
  } catch {
    return false
  }
}

function withFile(grant: LockGrant, file: ProperLock, aliases: readonly HeldLock[]): LockGrant {
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
    // The file before the names: the next owner of the names relies on the file's lock being gone.
    release: async () => {
      await file.release()
      await releaseAll(aliases)
      await grant.release()
    },
    ...(grant.releaseSync !== undefined && {
      releaseSync: () => {
        file.releaseSync()
        for (const alias of aliases.toReversed()) alias.releaseSync()
        grant.releaseSync?.()
      },
    }),
  }
}
