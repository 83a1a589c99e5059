import { debug } from '../base/terminal/message.js'
import { isObject } from '../base/validation/is-object.js'
import { keptLockEvents } from '../command/kept-lock-events.js'
import { describeParty, takerOf } from '../command/tell-loss.js'
import type { Connection, ConnectionOptions } from '../engine/connection-options.js'
import { describeOwner } from '../locks/contract/describe-owner.js'
import type { Lock, Owner } from '../locks/contract/lock-types.js'
import { ownOwner } from '../locks/contract/own-owner.js'
import { lockParty } from '../locks/history/lock-party.js'
import { noteInHistory } from '../locks/history/note-in-history.js'

/** What a run reports about its lock. */
export interface LockRunFacts {
  readonly type: 'lock:released' | 'lock:kept' | 'lock:lost' | 'lock:killed' | 'lock:refused'
  readonly resource: string
  readonly label: string | undefined
  readonly waitedMs: number
  /** The process that held the lock. @default this one */
  readonly pid?: number | undefined
  readonly id?: string
  readonly slot?: string | undefined
  readonly heldMs?: number
  readonly code?: string
  /** The exit code of the program; of a run that did not get its lock, its own. */
  readonly exitCode?: number | undefined
  /** The signal that ended the program. */
  readonly signal?: string | undefined
  /** The rule skips a run that does not get its lock. */
  readonly skipped?: boolean
  /** The process that it gave way to. */
  readonly by?: Owner | undefined
}

/** Records in this machine's lock history how the lock of a run ended. Never throws. */
export function noteRun(connection: Connection, { type, pid, by, ...facts }: LockRunFacts): void {
  try {
    const owner = lockParty(ownOwner())
    const data = {
      ...facts,
      owner: pid === undefined ? owner : { ...owner, pid },
      ...(by !== undefined && { by: lockParty(by) }),
    }
    noteInHistory(connection, type, data)
  } catch (error) {
    debug(() => `${type} was not noted: ${String(error)}`)
  }
}

/** Returns whether this machine's lock history tells how the lock of a run ended. */
export function isRunNoted(connection: Connection, id: string): boolean {
  return keptLockEvents(connection).some(({ data }) => isObject(data) && data['id'] === id)
}

/** Describes the process that replaces a run which was asked to end; `undefined` if no replacing run asked it. */
export async function replacerOf(
  options: ConnectionOptions,
  lock: Pick<Lock, 'resource' | 'id'>,
): Promise<{ readonly owner: Owner; readonly text: string } | undefined> {
  const { whoReplaces } = await import('@cli-ops/shared-ipc/command/runs')
  const next = await whoReplaces(options, lock)
  return next && { owner: next.owner, text: describeOwner(next.owner, next.label) }
}

/** Describes the process that took a lock from its holder; `undefined` if this machine does not know. */
export function whoTook(options: ConnectionOptions, id: string): string | undefined {
  const taker = takerOf(options, id)
  return taker && describeParty(taker)
}
