import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import { parseNumber } from './lock-names.js'
import type { LockContext } from './lock-context.js'
import { putDirectory } from './put-directory.js'
import { swapName } from './swap-name.js'

/** A failed attempt means that another process succeeded, so only a broken directory reaches this. */
const MAX_ATTEMPTS = 1000
/** A listing can miss a name that is being changed, but hardly this often. */
const MAX_LOOKS = 10

/**
 * Returns the first token of a lock that is granted for the first time: the time in microseconds, so that tokens rise even
 * if the home was removed, but above the floor, so that they do not fall if the clock was set back.
 */
export function firstToken(context: LockContext): bigint {
  const now = BigInt(Math.max(1, Math.round(context.clock.now() * 1000)))
  const floor = readFloor(context) ?? 0n
  return now > floor ? now : floor + 1n
}

/**
 * Ensures that no lock begins with this token or a lower one. Must be called before removing a lock's directory, which
 * stores its last token.
 */
export function raiseFloor(context: LockContext, token: bigint): void {
  const { home, fileSystem } = context
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const floor = readFloor(context)
    if (floor !== undefined && floor >= token) return
    const raised =
      floor === undefined
        ? putDirectory(context, home.paths.floor, String(token))
        : swapName(fileSystem, home.paths.floor, String(floor), String(token))
    if (raised) return
  }
  throw new CliOpsError(
    'STORAGE_FAILED',
    `cannot count locks: ${home.paths.floor} contains something other than a number; inspect and remove it`,
    { details: { path: home.paths.floor } },
  )
}

function readFloor({ fileSystem, home }: LockContext): bigint | undefined {
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const names = fileSystem.listIfThere(home.paths.floor)
    if (names === undefined) return undefined
    let highest: bigint | undefined
    for (const name of names) {
      const number = parseNumber(name)
      if (number !== undefined && (highest === undefined || number > highest)) highest = number
    }
    if (highest !== undefined) return highest
  }
  return undefined
}
