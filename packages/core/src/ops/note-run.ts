import { debug } from '../base/terminal/message.js'
import { traceparentOf } from '../base/process/trace-context.js'
import { describeParty, takerOf } from '../command/tell-loss.js'
import { createLogAppender } from '../drivers/local/events/log-appender.js'
import { nodeFileSystem } from '../drivers/local/home/file-system.js'
import { Home } from '../drivers/local/home/home.js'
import type { Connection, ConnectionOptions } from '../engine/connection-options.js'
import { DEFAULT_RETENTION } from '../events/contract/default-retention.js'
import { createEventRecord } from '../events/contract/event-record.js'
import { defaultSource } from '../events/contract/event-source.js'
import { ownOwner } from '../locks/contract/own-owner.js'
import { lockParty } from '../locks/history/lock-party.js'

/** What a run has to tell of its lock. */
export interface LockRunFacts {
  readonly type: 'lock:released' | 'lock:lost' | 'lock:refused'
  readonly resource: string
  readonly label: string | undefined
  readonly waitedMs: number
  /** The process whose lock it was. @default this one */
  readonly pid?: number | undefined
  readonly id?: string
  readonly slot?: string | undefined
  readonly heldMs?: number
  readonly code?: string
}

/**
 * Stores what became of the lock of a run, in the log of this machine. False where events are kept elsewhere: there the kit stores
 * it. Never throws.
 */
export function noteRun(connection: Connection, facts: LockRunFacts): boolean {
  if (connection.urlOf('events') !== 'local:') return false
  try {
    const home = new Home(connection.home, connection.namespace, nodeFileSystem)
    const log = createLogAppender(home)
    const { type } = facts
    const source = defaultSource()
    const data = runData(facts)
    const record = createEventRecord({ type, data, source, traceparent: traceparentOf(undefined) })
    log.appendSync([record], { retention: DEFAULT_RETENTION, durable: false })
    log.close()
  } catch (error) {
    debug(() => `${facts.type} was not stored: ${String(error)}`)
  }
  return true
}

/** The data of the event about the lock of a run. */
export function runData({ type: _type, pid, ...facts }: LockRunFacts): object {
  const owner = lockParty(ownOwner())
  return { ...facts, owner: pid === undefined ? owner : { ...owner, pid } }
}

/** Who took a lock from its holder, for people; `undefined` where this machine does not know. */
export function whoTook(options: ConnectionOptions, id: string): string | undefined {
  const taker = takerOf(options, id)
  return taker && describeParty(taker)
}
