import { createLockInfo } from '../../../locks/contract/create-lock-info.js'
import type { LockInfo, LockWaiter } from '../../../locks/contract/lock-types.js'
import { wantedMode } from '../../../locks/contract/wanted-mode.js'
import { decodeFileName, encodeFileName } from '../../../base/names/file-name.js'
import type { Liveness } from '../../../base/process/liveness.js'
import { entryPath } from '../../../base/builtins.js'
import type { OwnerName } from './lock-names.js'
import { LOCK_SUFFIX, type ResourcePaths } from './resource-paths.js'
import type { KilledHolder, LockContext } from './lock-context.js'
import { holdersOf, type LockState, readLockState } from './lock-state.js'
import { type OwnerRecord, parseOwnerRecord, toOwner } from './owner-record.js'
import { listTickets } from './queue.js'

/** A holder or waiter with everything known about it. */
interface Found {
  readonly name: OwnerName
  readonly record: OwnerRecord
  readonly state: Liveness
  readonly since: number
}

/** Describes a lock without changing anything; returns `null` if no live process holds it or waits for it. */
export function inspectLock(context: LockContext, paths: ResourcePaths): LockInfo | null {
  const seen = readLockState(context, paths)
  const holders = findHolders(context, paths, seen).filter(({ state }) => state !== 'dead')
  return describeLock(context, paths, seen, holders)
}

/** Returns the holders of a lock, dead ones too. */
export function findHolders(context: LockContext, paths: ResourcePaths, seen: LockState): Found[] {
  return holdersOf(seen).map((name) => find(context, paths.lock, name))
}

/** Describes a dead holder whose file is, or was until a moment ago, at a path. */
export function describeKilled(
  context: LockContext,
  paths: ResourcePaths,
  name: OwnerName,
  path: string = entryPath(paths.lock, name.text),
): KilledHolder {
  const found = find(context, paths.lock, name, path)
  return { ...toWaiter(context, found), id: name.id, resource: resourceOf(found.record, paths) }
}

/** Describes a lock as held by these. */
export function describeLock(
  context: LockContext,
  paths: ResourcePaths,
  { state }: LockState,
  holders: readonly Found[],
): LockInfo | null {
  const last = state?.token ?? 0n
  const first = holders[0] ?? findFirstWaiter(context, paths)
  if (first === undefined) return null
  return createLockInfo({
    resource: resourceOf(first.record, paths),
    mode: first.name.mode,
    holders: holders.map((found) => ({
      ...toWaiter(context, found),
      id: found.name.id,
      token: found.name.mode === 'exclusive' ? last : (found.record.token ?? last),
    })),
    waiting: () =>
      findWaiters(context, paths).map((found) => ({
        ...toWaiter(context, found),
        ...wantedMode(found.name.mode),
      })),
  })
}

function toWaiter(context: LockContext, { name, record, state, since }: Found): LockWaiter {
  const { label } = record
  return {
    owner: toOwner(context.shown(name.identity), record, state),
    since: new Date(since),
    ...(label !== undefined && { label }),
  }
}

/** Lists the encoded names of all resources that have a directory or a queue. */
export function listEncodedResources(context: LockContext): string[] {
  const { fileSystem, home } = context
  const locks = fileSystem
    .list(home.paths.locks)
    .filter((name) => name.endsWith(LOCK_SUFFIX))
    .map((name) => name.slice(0, -LOCK_SUFFIX.length))
  const queues = fileSystem.list(home.paths.queues)
  return [...new Set([...locks, ...queues])].sort()
}

/** Returns whether an encoded name can have this beginning. A hashed name keeps a part of its beginning. */
export function mayBeginWith(encoded: string, prefix: string): boolean {
  if (prefix === '') return true
  const [begins = '', hash] = encoded.split('~')
  const wanted = encodeFileName(prefix).split('~', 1)[0] ?? ''
  return begins.startsWith(wanted) || (hash !== undefined && wanted.startsWith(begins))
}

function findFirstWaiter(context: LockContext, paths: ResourcePaths): Found | undefined {
  for (const name of listTickets(context, paths)) {
    if (context.judge(name.identity) !== 'dead') return find(context, paths.queue, name)
  }
  return undefined
}

function findWaiters(context: LockContext, paths: ResourcePaths): Found[] {
  return listTickets(context, paths)
    .map((name) => find(context, paths.queue, name))
    .filter(({ state }) => state !== 'dead')
}

function find(
  context: LockContext,
  directory: string,
  name: OwnerName,
  path: string = entryPath(directory, name.text),
): Found {
  const { fileSystem, clock } = context
  const record = parseOwnerRecord(fileSystem.readFile(path), name.id)
  const since = record.since ?? fileSystem.status(path)?.modifiedMs ?? clock.now()
  return { name, record, state: context.judge(name.identity), since }
}

// The content must not be trusted to name another resource.
function resourceOf(record: OwnerRecord, paths: ResourcePaths): string {
  const { resource } = record
  return resource !== undefined && encodeFileName(resource) === paths.encoded
    ? resource
    : nameOf(paths)
}

function nameOf(paths: ResourcePaths): string {
  return decodeFileName(paths.encoded) ?? paths.encoded
}
