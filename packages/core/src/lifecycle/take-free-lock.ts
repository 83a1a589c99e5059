import { type FileSystem, nodeFileSystem } from '../drivers/local/file-system.js'
import { homeBase } from '../drivers/local/home-base.js'
import { formatFree, formatHeld, parseFree } from '../drivers/local/locks/lock-names.js'
import { LOCK_SUFFIX } from '../drivers/local/locks/lock-place.js'
import { formatOwnerRecord } from '../drivers/local/locks/owner-record.js'
import { swapName, swapNamePatiently } from '../drivers/local/locks/swap-name.js'
import { isPrivateDirectory } from '../drivers/local/private-directory.js'
import type { LockGrant } from '../drivers/lock-driver.js'
import { HeldLock } from '../locks/held-lock.js'
import { locksOfFlow } from '../locks/lock-flow.js'
import { nextLockId } from '../locks/lock-id.js'
import type { Lock } from '../locks/lock-types.js'
import { encodeFileName } from '../names/file-name.js'
import type { Connection } from '../options/connection-options.js'
import { entryPath } from '../process/builtins.js'
import { ownProcess } from '../process/own-process.js'
import { formatIdentity, type ProcessIdentity } from '../process/process-identity.js'
import type { LockRule } from './cli-ops-options.js'
import { loadParts } from './load-parts.js'

/** What taking a free lock asks of the world; the schedule explorer replaces it. */
export interface FreeLockSurroundings {
  readonly fileSystem: FileSystem
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly identity: () => ProcessIdentity
}

const REAL: FreeLockSurroundings = {
  fileSystem: nodeFileSystem,
  now: () => Date.now(),
  identity: () => ownProcess().identity,
}

/**
 * Takes a lock that is as nearly every command finds it: nobody waits, and its one state file says that it is free. These are
 * the steps of `docs/reference/lock-protocol.md`. `undefined` where it is otherwise, or where a step fails: the
 * local driver then looks at everything, and says what is wrong.
 */
export function takeFreeLock(connection: Connection, rule: LockRule): Lock | undefined {
  const grant = takeFreeGrant(connection, rule, REAL)
  return grant && new HeldLock(connection, rule.resource, 'exclusive', grant, () => undefined)
}

/** The grant of {@link takeFreeLock}. */
export function takeFreeGrant(
  connection: Connection,
  rule: LockRule,
  { fileSystem, now, identity }: FreeLockSurroundings,
): LockGrant | undefined {
  const { resource, mode = 'exclusive' } = rule
  if (mode !== 'exclusive') return undefined
  const base = homeBase(connection.home, connection.namespace)
  const encoded = encodeFileName(resource)
  const directory = entryPath(entryPath(base, 'locks'), encoded + LOCK_SUFFIX)
  try {
    if (!isPrivateDirectory(fileSystem.status(connection.home))) return undefined
    if (fileSystem.status(entryPath(entryPath(base, 'queues'), encoded)) !== undefined)
      return undefined
    const [free, ...others] = fileSystem.list(directory)
    const last = free === undefined || others.length > 0 ? undefined : parseFree(free)
    if (free === undefined || last === undefined) return undefined
    const token = last + 1n
    const id = nextLockId()
    const held = formatHeld(token, id, formatIdentity(identity()))
    const entry = entryPath(directory, held)
    const since = now()
    const request = { resource, mode, id, held: locksOfFlow().map((lock) => lock.id), inFlow: true }
    const record = formatOwnerRecord({ ...request, since, token })
    // From here on the lock is held: nothing below may fail.
    if (!swapName(fileSystem, directory, free, held, { witness: entry })) return undefined
    if (!describeHolder(fileSystem, entry, record)) return undefined
    const release = (): void => {
      swapNamePatiently(fileSystem, directory, held, formatFree(token))
    }
    return {
      id,
      token,
      grantedAt: new Date(since),
      isHeld: () => fileSystem.status(entry) !== undefined,
      onLost: (listener) =>
        loadParts().watchForLoss(connection, { request, entry, token, since }, listener),
      release,
      releaseSync: release,
    }
  } catch {
    return undefined
  }
}

/** False where the lock was taken away by force already. The content is for people: a full disk must not cost the lock. */
function describeHolder(fileSystem: FileSystem, entry: string, record: string): boolean {
  try {
    return fileSystem.overwrite(entry, record)
  } catch {
    return true
  }
}
