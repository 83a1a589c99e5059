import type {
  AppendOptions,
  EventRecord,
} from '../../../packages/core/src/events/contract/event-driver.js'
import {
  createLocalEvents,
  type LocalEvents,
} from '../../../packages/core/src/drivers/local/events/local-events.js'
import { segmentPath } from '../../../packages/core/src/drivers/local/events/segment-file.js'
import { sealSegment } from '../../../packages/core/src/drivers/local/events/segment-seal.js'
import { Home } from '../../../packages/core/src/drivers/local/home/home.js'
import { createLocalLocks } from '../../../packages/core/src/drivers/local/locks/local-locks.js'
import type { LockDriver } from '../../../packages/core/src/locks/contract/lock-driver.js'
import { CliOpsError } from '../../../packages/core/src/base/errors/cli-ops-error.js'
import type { Program, SimulatedProcess } from '../engine/program.js'
import { HOME } from '../engine/simulated-file-system.js'
import type { Ghost } from '../engine/world.js'
import { type EventGhost, takeAll, takeBatch } from './event-ghost.js'

/** Nothing expires, nothing is rotated. */
export const KEEP: AppendOptions = {
  retention: { retentionMs: 1e12, maxBytes: 1e12 },
  durable: false,
}

/** Each append begins a new segment; nothing expires before time passes. */
export const ROTATE: AppendOptions = {
  retention: { retentionMs: 0, maxBytes: 1e12 },
  durable: false,
}

/** In addition, each rotation removes everything that can be removed. */
export const EXPIRE: AppendOptions = { retention: { retentionMs: 0, maxBytes: 1 }, durable: false }

/** The real event log, on the simulated machine. */
export function openEvents<G extends Ghost>(process: SimulatedProcess<G>): LocalEvents {
  return createLocalEvents(
    new Home(HOME, '', process.fileSystem),
    () => withOwnIds(process, groupLocks(process)),
    () => process.now(),
  )
}

function groupLocks<G extends Ghost>(process: SimulatedProcess<G>): LockDriver {
  return createLocalLocks(
    new Home(HOME, '', process.fileSystem, 'event-groups'),
    process.surroundings,
  )
}

/** The kit creates new ids each time; a process that is rerun has to create the same ones. */
function withOwnIds<G extends Ghost>(
  { index }: SimulatedProcess<G>,
  locks: LockDriver,
): LockDriver {
  let count = 0
  const nextId = (): string => `g${index}-${count++}`
  return {
    ...locks,
    tryAcquireSync: (request) => locks.tryAcquireSync!({ ...request, id: nextId() }),
    acquire: (request, wait) => locks.acquire({ ...request, id: nextId() }, wait),
  }
}

export function record(data: string): EventRecord {
  const event = {
    specversion: '1.0',
    id: data,
    source: '/s',
    type: 't',
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    data,
  } as const
  return { event, json: JSON.stringify(event) }
}

/** Appends events one by one, from one long-lived writer. */
export const appends =
  (count: number, options: AppendOptions, name = ''): Program<EventGhost> =>
  (process) => {
    const events = openEvents(process)
    for (let number = 1; number <= count; number += 1) {
      append(process, events, `${name || 'abcdef'[process.index]}${number}`, options)
    }
  }

export function append(
  process: SimulatedProcess<EventGhost>,
  events: LocalEvents,
  data: string,
  options: AppendOptions,
): void {
  process.note((ghost) => ({
    ...ghost,
    begun: [...ghost.begun, { data, after: ghost.stored.length }],
  }))
  try {
    const cursor = events.appendSync([record(data)], options)[0]!
    process.note((ghost) => ({ ...ghost, stored: [...ghost.stored, { data, cursor }] }))
  } catch (error) {
    // A full disk: whether the event was stored is unknown.
    if (!(error instanceof CliOpsError)) throw error
  }
}

/** Reads from here on: a few times at any moment, and once when no other process is left. */
export const reads =
  (looks: number, from: 'latest' | 'earliest' = 'latest'): Program<EventGhost> =>
  (process) => {
    const name = String(process.index)
    process.note((ghost) => {
      const acknowledged = ghost.stored.length
      return {
        ...ghost,
        readings: {
          ...ghost.readings,
          [name]: { acknowledged, begun: 0, found: [], isDone: false },
        },
      }
    })
    const reader = openEvents(process).openReader({ from })
    process.note((ghost) => setReading(ghost, name, { begun: ghost.begun.length }))
    for (let look = 0; look < looks; look += 1) {
      const batch = takeBatch(reader)
      if (batch !== undefined) process.note((ghost) => addFound(ghost, name, batch.found))
      process.pause('think')
    }
    process.awaitOthers()
    const rest = takeAll(reader)
    process.note((ghost) => setReading(addFound(ghost, name, rest), name, { isDone: true }))
  }

function setReading(ghost: EventGhost, name: string, change: object): EventGhost {
  return {
    ...ghost,
    readings: { ...ghost.readings, [name]: { ...ghost.readings[name]!, ...change } },
  }
}

function addFound(ghost: EventGhost, name: string, found: readonly string[]): EventGhost {
  return setReading(ghost, name, { found: [...ghost.readings[name]!.found, ...found] })
}

/** Becomes the group's active reader, handles what it finds and leaves. */
export const handles: Program<EventGhost> = async (process) => {
  const reader = openEvents(process).openReader({ from: 'latest', group: 'g' })
  process.signal.addEventListener('abort', () => reader.close())
  await reader.ready
  for (let batch = takeBatch(reader); batch !== undefined; batch = takeBatch(reader)) {
    const { found, cursor } = batch
    process.note((ghost) => ({ ...ghost, handled: [...ghost.handled, ...found] }))
    if (cursor !== undefined) void reader.commit(cursor)
  }
  reader.close()
}

/** Starts a group, so that later events belong to it, and leaves. */
export const startsGroup: Program<Ghost> = (process) => {
  openEvents(process).openReader({ from: 'earliest', group: 'g' }).close()
}

/** Creates the next segment, and dies before it does anything else. */
export const beginsNext: Program<EventGhost> = ({ fileSystem }) => {
  fileSystem.openAppend(segmentPath(`${HOME}/events`, 2), { exclusive: true })
}

/** Creates the next segment, seals the one before it, and dies. */
export const rotatesHalfway: Program<EventGhost> = (process) => {
  void beginsNext(process)
  sealSegment(process.fileSystem, `${HOME}/events`, 1)
}

/** Expires what it can. */
export const expires =
  ({ retention }: AppendOptions): Program<EventGhost> =>
  (process) => {
    void openEvents(process).clean(retention)
  }
