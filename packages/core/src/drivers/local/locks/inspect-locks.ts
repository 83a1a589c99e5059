import type { LockInfo, Owner } from '../../../locks/lock-types.js'
import { decodeFileName, encodeFileName } from '../../../names/file-name.js'
import type { Liveness } from '../../../process/liveness.js'
import { entryPath } from '../../../process/builtins.js'
import type { OwnerName } from './lock-names.js'
import { LOCK_SUFFIX, type LockPlace, type ResourcePaths } from './lock-place.js'
import { holdersOf, type LockState, readLockState } from './lock-state.js'
import { type OwnerRecord, parseOwnerRecord, toOwner } from './owner-record.js'
import { listTickets } from './queue.js'

/** A holder or waiter with all that is known of it. */
interface Found {
  readonly name: OwnerName
  readonly record: OwnerRecord
  readonly state: Liveness
  readonly since: number
}

/** Describes a lock without changing anything; `null` where nobody alive holds it or waits for it. */
export function inspectLock(place: LockPlace, paths: ResourcePaths): LockInfo | null {
  const seen = readLockState(place, paths)
  const holders = findHolders(place, paths, seen).filter(({ state }) => state !== 'dead')
  const [holder] = holders.sort((one, other) => one.since - other.since)
  if (holder !== undefined) return toLockInfo(place, paths, seen, holder)
  const first = findFirstWaiter(place, paths)
  if (first === undefined) return null
  return withWaiters(place, paths, {
    resource: resourceOf(first.record, paths),
    id: '',
    token: 0n,
    owner: ownerOf(first),
    since: new Date(first.since),
    mode: first.name.mode,
  })
}

/** Finds the holders of a lock, dead ones too. */
export function findHolders(place: LockPlace, paths: ResourcePaths, seen: LockState): Found[] {
  return holdersOf(seen).map((name) => find(place, paths.lock, name))
}

/** Describes one holder. */
export function toLockInfo(
  place: LockPlace,
  paths: ResourcePaths,
  { state }: LockState,
  holder: Found,
): LockInfo {
  const { name, record, since } = holder
  const last = state?.token ?? 0n
  return withWaiters(place, paths, {
    resource: resourceOf(record, paths),
    id: name.id,
    token: name.mode === 'exclusive' ? last : (record.token ?? last),
    owner: ownerOf(holder),
    since: new Date(since),
    mode: name.mode,
  })
}

/** Adds the waiters, who are only looked up when they are asked for: of hundreds each has to be read. */
function withWaiters(
  place: LockPlace,
  paths: ResourcePaths,
  facts: Omit<LockInfo, 'waiters'>,
): LockInfo {
  let waiters: readonly Owner[] | undefined
  return {
    ...facts,
    get waiters() {
      return (waiters ??= findWaiters(place, paths).map(ownerOf))
    },
  }
}

/** Lists the encoded names of all resources that have a directory or a queue. */
export function listEncodedResources(place: LockPlace): string[] {
  const { fileSystem, home } = place
  const locks = fileSystem
    .list(home.paths.locks)
    .filter((name) => name.endsWith(LOCK_SUFFIX))
    .map((name) => name.slice(0, -LOCK_SUFFIX.length))
  const queues = fileSystem.list(home.paths.queues)
  return [...new Set([...locks, ...queues])].sort()
}

function findFirstWaiter(place: LockPlace, paths: ResourcePaths): Found | undefined {
  for (const name of listTickets(place, paths)) {
    if (place.judge(name.identity) !== 'dead') return find(place, paths.queue, name)
  }
  return undefined
}

function findWaiters(place: LockPlace, paths: ResourcePaths): Found[] {
  return listTickets(place, paths)
    .map((name) => find(place, paths.queue, name))
    .filter(({ state }) => state !== 'dead')
}

function find(place: LockPlace, directory: string, name: OwnerName): Found {
  const { fileSystem, clock } = place
  const path = entryPath(directory, name.text)
  const record = parseOwnerRecord(fileSystem.readFile(path), name.id)
  const since = record.since ?? fileSystem.status(path)?.modifiedMs ?? clock.now()
  return { name, record, state: place.judge(name.identity), since }
}

function ownerOf({ name, record, state }: Found): Owner {
  return toOwner(name.identity, record, state)
}

// The content is not to be trusted with another resource's name.
function resourceOf(record: OwnerRecord, paths: ResourcePaths): string {
  const { resource } = record
  return resource !== undefined && encodeFileName(resource) === paths.encoded
    ? resource
    : nameOf(paths)
}

function nameOf(paths: ResourcePaths): string {
  return decodeFileName(paths.encoded) ?? paths.encoded
}
