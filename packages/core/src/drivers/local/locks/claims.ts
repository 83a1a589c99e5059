import { join } from 'node:path'

import { debug } from '../../../diagnostics/message.js'
import type { LockRequest } from '../../lock-driver.js'
import { storageError } from '../home.js'
import { formatEntryName } from './entry-name.js'
import type { FencingTokens } from './fencing-tokens.js'
import { isOccupied, readLockDirectory } from './lock-directory.js'
import type { LockPlace, ResourcePaths } from './lock-place.js'
import { discardFile, removeIfEmpty } from './move-directory.js'
import { type Move, moveIn } from './move-in.js'
import { formatOwnerRecord } from './owner-record.js'

/** A lock that was won: the path of the entry is what there is to own. */
export interface Claim {
  readonly paths: ResourcePaths
  readonly entry: string
  readonly id: string
  readonly token: bigint
  /** Milliseconds since the epoch. */
  readonly since: number
}

/** Windows does not rename a directory that has an open file in it, so there the entry is opened again. */
const KEEPS_ENTRY_OPEN = process.platform !== 'win32'

/**
 * Tries once to take a lock, without a look at the queue; `undefined` where it is occupied.
 *
 * A crash at any step leaves a prepared directory under `claims`, or an entry, both under names that prove whose
 * they are; or an empty directory at the lock's place, which blocks nobody.
 *
 * @throws CliOpsError `STORAGE_FAILED`, `INSECURE_DIRECTORY`
 */
export function tryClaim(
  place: LockPlace,
  tokens: FencingTokens,
  request: LockRequest,
): Claim | undefined {
  const paths = place.of(request.resource)
  place.home.prepare()
  try {
    // One cheap look spares the usual busy lock the preparation.
    if (place.fileSystem.status(paths.lock) !== undefined) {
      if (isOccupied(readLockDirectory(place, paths), request.mode, paths)) return undefined
    }
    return prepareAndMove(place, tokens, request, paths)
  } catch (error) {
    throw storageError(error, place.home.root)
  }
}

/** Gives a lock back. Doing it twice, or after the loss, does nothing. */
export function releaseClaim(place: LockPlace, { entry, paths }: Claim): void {
  try {
    place.fileSystem.unlink(entry)
  } catch (error) {
    throw storageError(error, place.home.root)
  }
  // Fails where a sharer is left or the next one is in already. The next one may also come in between, over the
  // empty directory; then there is an entry again, and this removes nothing.
  removeIfEmpty(place.fileSystem, paths.lock)
}

function prepareAndMove(
  place: LockPlace,
  tokens: FencingTokens,
  request: LockRequest,
  paths: ResourcePaths,
): Claim | undefined {
  const { fileSystem, home } = place
  const name = formatEntryName(request.mode, request.id, place.identity)
  const prepared = join(home.paths.claims, name)
  const preparedEntry = join(prepared, name)
  const entry = join(paths.lock, name)
  home.inDirectory(home.paths.claims, () => {
    fileSystem.makeDirectory(prepared)
  })
  let descriptor: number | undefined
  let claim: Claim | undefined
  let moved: Move = 'occupied'
  try {
    if (KEEPS_ENTRY_OPEN) descriptor = fileSystem.openAppend(preparedEntry, { exclusive: true })
    else fileSystem.createFile(preparedEntry, '')
    moved = moveIn(place, request.mode, paths, { prepared, preparedEntry, entry })
    if (moved === 'occupied') return undefined
    const token = tokens.take(paths, request.id)
    // The entry can have been taken away by force before the token was taken; such a token must not be handed out,
    // since the newer owner's may be lower. An entry never comes back, so being there now means it was there then.
    if (fileSystem.status(entry) === undefined) return undefined
    claim = { paths, entry, id: request.id, token, since: place.clock.now() }
    descriptor = writeRecord(place, request, claim, descriptor)
    return claim
  } finally {
    if (descriptor !== undefined) fileSystem.close(descriptor)
    if (moved !== 'whole') discardFile(fileSystem, preparedEntry, prepared)
    if (claim === undefined && moved !== 'occupied') discardFile(fileSystem, entry, paths.lock)
  }
}

function writeRecord(
  place: LockPlace,
  request: LockRequest,
  claim: Claim,
  open: number | undefined,
): number | undefined {
  const { resource, mode, inFlow, held } = request
  const { since, token } = claim
  // The content is for people only: a full disk must not cost the lock that is held already.
  let descriptor = open
  try {
    descriptor ??= place.fileSystem.openAppend(claim.entry)
    const record = formatOwnerRecord({ resource, mode, since, token, inFlow, held })
    if (descriptor !== undefined) place.fileSystem.write(descriptor, Buffer.from(record))
  } catch (error) {
    debug(() => `cannot describe the holder of ${resource}: ${String(error)}`)
  }
  return descriptor
}
