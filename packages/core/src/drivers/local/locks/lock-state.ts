import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import { entryPath } from '../../../base/builtins.js'
import { type OwnerName, parseSharerName, parseStateName, type StateName } from './lock-names.js'
import type { ResourcePaths } from './resource-paths.js'
import type { LockContext } from './lock-context.js'

/** The result of listing a lock's directory. */
export interface LockState {
  /** The state that counts; absent if there is no directory, or it has only foreign files. */
  readonly state: StateName | undefined
  /** Sharers' files, in any state and of dead owners too. They mean holders only beside `shared`. */
  readonly sharers: readonly OwnerName[]
  /** Names that do not belong here: foreign files, and states beside the one that counts. */
  readonly foreign: readonly string[]
}

/** NFS keeps a removed file under such a name while a process has it open; it disappears on its own. */
const REMOVED_ON_NFS = '.nfs'

const RANK = { held: 3, shared: 2, free: 1, new: 0 } as const

/** Reads a lock's directory without changing anything. */
export function readLockState(context: LockContext, paths: ResourcePaths): LockState {
  const states: StateName[] = []
  const sharers: OwnerName[] = []
  const foreign: string[] = []
  for (const name of listLock(context, paths)) {
    const state = parseStateName(name)
    const sharer = state === undefined ? parseSharerName(name) : undefined
    if (state !== undefined) states.push(state)
    else if (sharer !== undefined) sharers.push(sharer)
    else foreign.push(name)
  }
  const state = states.length > 1 ? chooseState(context, states) : states[0]
  for (const other of states) if (other !== state) foreign.push(other.text)
  return { state, sharers, foreign }
}

/** Returns the owners that hold a lock in this state, dead ones too. */
export function holdersOf({ state, sharers }: LockState): readonly OwnerName[] {
  if (state?.kind === 'shared') return sharers
  return state?.holder === undefined ? [] : [state.holder]
}

/** Returns the owners that hold a lock now and are not proven dead. */
export function findLiveHolders(context: LockContext, paths: ResourcePaths): OwnerName[] {
  const holders = holdersOf(readLockState(context, paths))
  return holders.filter(({ identity }) => context.judge(identity) !== 'dead')
}

/**
 * Removes the files of dead sharers, and returns the other sharers. Names are never reused, so this hits no other process.
 */
export function removeDeadSharers(
  context: LockContext,
  paths: ResourcePaths,
  sharers: readonly OwnerName[],
): readonly OwnerName[] {
  return sharers.filter(({ identity, text }) => {
    const isDead = context.judge(identity) === 'dead'
    if (isDead && context.fileSystem.unlink(entryPath(paths.lock, text)))
      context.surroundings.onDeadOwner?.(identity)
    return !isDead
  })
}

/** Returns true if everything in the way disappears on its own. */
export function isPassing(names: readonly string[]): boolean {
  return names.every((name) => name.startsWith(REMOVED_ON_NFS))
}

/** Creates the error for foreign files in a lock's place. */
export function foreignError(paths: ResourcePaths, names: readonly string[]): CliOpsError {
  const what =
    names.length === 0
      ? 'it is not a directory'
      : `it holds ${names
          .slice(0, 3)
          .map((name) => JSON.stringify(name))
          .join(', ')}`
  return new CliOpsError(
    'STORAGE_FAILED',
    `cannot lock at ${paths.lock}: ${what}, which the kit did not create; inspect it and remove it`,
    { details: { path: paths.lock, foreign: names } },
  )
}

/**
 * Chooses among several states. A listing during a change can show the old name and the new one; the higher token is the
 * newer. Several can also stay, for example after a backup was restored over the directory: then a holder that is not
 * proven dead counts, whatever its token.
 */
function chooseState(context: LockContext, states: StateName[]): StateName | undefined {
  const byAge = states.sort((one, other) => {
    if (one.token !== other.token) return one.token > other.token ? -1 : 1
    return RANK[other.kind] - RANK[one.kind]
  })
  return (
    byAge.find(({ holder }) => holder !== undefined && context.judge(holder.identity) !== 'dead') ??
    byAge[0]
  )
}

function listLock(context: LockContext, paths: ResourcePaths): string[] {
  try {
    return context.fileSystem.list(paths.lock)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') throw foreignError(paths, [])
    throw error
  }
}
