import { join } from 'node:path'

import { CliOpsError } from '../../../errors/cli-ops-error.js'
import type { LockPlace, ResourcePaths } from './lock-place.js'
import { moveDirectory, removeIfEmpty } from './move-directory.js'

const NUMBER = /^[1-9]\d{0,99}$/u

/** A failed attempt means that somebody else succeeded, so only a broken directory reaches this. */
const MAX_ATTEMPTS = 1000

/**
 * The fencing tokens of a home: for each resource a directory with exactly one file, whose name is the last token.
 *
 * Taking one is the rename `n` -> `n+1`: of any number of racers one finds the source, so it is a compare-and-swap.
 * The directory is moved into place with its first file inside, hence it is never seen empty and a
 * late racer cannot begin the count again. A crash leaves either name, never none and never both.
 */
export class FencingTokens {
  readonly #place: LockPlace
  /** Last token seen here, which spares an uncontended taker the look. A wrong guess fails and is corrected. */
  readonly #seen = new Map<string, bigint>()

  constructor(place: LockPlace) {
    this.#place = place
  }

  /** Takes the next token. To be called while holding the lock, and to be followed by a look whether it still is held. */
  take(paths: ResourcePaths, id: string): bigint {
    const { fileSystem, home } = this.#place
    let last = this.#seen.get(paths.encoded)
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      last ??= this.#highest(paths)
      const next = last === undefined ? this.#first() : last + 1n
      const from = last
      const taken =
        from === undefined
          ? home.inDirectory(home.paths.tokens, () => this.#begin(paths, id, next))
          : unlessMissing(() => {
              fileSystem.rename(join(paths.tokens, String(from)), join(paths.tokens, String(next)))
            })
      if (taken) {
        this.#seen.set(paths.encoded, next)
        return next
      }
      last = undefined
    }
    throw new CliOpsError(
      'STORAGE_FAILED',
      `cannot count the grants of a lock: ${paths.tokens} holds something else than a number; look at it and remove it`,
      { details: { path: paths.tokens } },
    )
  }

  /** The last token that was taken; `0n` where there is none yet. */
  last(paths: ResourcePaths): bigint {
    return this.#highest(paths) ?? 0n
  }

  // Lower numbers are not the kit's: a restored backup, a copied file. Going on from the highest never falls.
  #highest(paths: ResourcePaths): bigint | undefined {
    let highest: bigint | undefined
    for (const name of this.#place.fileSystem.list(paths.tokens) ?? []) {
      if (!NUMBER.test(name)) continue
      const number = BigInt(name)
      if (highest === undefined || number > highest) highest = number
    }
    return highest
  }

  // Microseconds: no sequence of grants is faster, so tokens rise even when the whole home was removed.
  #first(): bigint {
    return BigInt(Math.max(1, Math.round(this.#place.clock.now() * 1000)))
  }

  #begin(paths: ResourcePaths, id: string, first: bigint): boolean {
    const { fileSystem, home, identity } = this.#place
    const prepared = join(home.paths.claims, `t~${id}~${identity}`)
    home.inDirectory(home.paths.claims, () => {
      fileSystem.makeDirectory(prepared)
    })
    const file = join(prepared, String(first))
    try {
      fileSystem.createFile(file, '')
      // No witness: a racer may have begun with the same number. One that began unknowingly only skips it.
      if (moveDirectory(fileSystem, prepared, paths.tokens)) return true
    } catch (error) {
      discard()
      throw error
    }
    discard()
    return false

    function discard(): void {
      fileSystem.unlink(file)
      removeIfEmpty(fileSystem, prepared)
    }
  }
}

function unlessMissing(operation: () => void): boolean {
  try {
    operation()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
