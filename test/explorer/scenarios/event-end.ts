import type { StartPosition } from '../../../packages/core/src/events/contract/event-types.js'
import type { End } from '../engine/scenario.js'
import { type EventGhost, GAP, takeAll } from './event-ghost.js'
import { append, KEEP, openEvents } from './event-programs.js'

/** What can be missing at the end. */
export interface EventExpectations {
  /** Old events may have been removed. */
  readonly expires: boolean
  /** The group must have handled everything, or it must be there for the next reader. */
  readonly group: boolean
}

/** Checks that every acknowledged event is there once, in one order, for all. */
export function checkEventEnd(
  { world, runAlone }: End<EventGhost>,
  { expires, group }: EventExpectations,
): string | undefined {
  const { ghost } = world
  const read = (from: StartPosition, ofGroup?: string): string[] => {
    let found: string[] = []
    runAlone((process) => {
      const reader = openEvents(process).openReader({ from, group: ofGroup })
      found = takeAll(reader)
    })
    return found
  }
  const log = read('earliest')
  const missing = ghost.stored.filter(({ data }) => !log.includes(data))
  if (new Set(log).size < log.length) return `twice in the log: ${log.join()}`
  const invented = log.find((data) => !ghost.begun.some((append) => append.data === data))
  if (invented !== undefined) return `${invented} is in the log, and nobody appended it`
  if (missing.length > 0 && !expires) return `lost: ${missing.map(({ data }) => data).join()}`
  return (
    checkOrder() ??
    checkReadings() ??
    checkCursors() ??
    (group ? checkGroup() : undefined) ??
    checkNext()
  )

  function checkOrder(): string | undefined {
    for (const { data, after } of ghost.begun) {
      for (const earlier of ghost.stored.slice(0, after)) {
        if (!isBefore(log, earlier.data, data))
          return `${data} is in front of ${earlier.data}, which was stored before`
      }
    }
    return undefined
  }

  function checkReadings(): string | undefined {
    for (const [name, { found, isDone, acknowledged, begun }] of Object.entries(ghost.readings)) {
      if (!isDone) continue
      const events = found.filter((data) => data !== GAP)
      if (new Set(events).size < events.length) return `reader ${name} got twice: ${found.join()}`
      if (found.includes(GAP) && !expires) return `reader ${name} was told of a gap`
      // Events that have expired since precede the ones in the log.
      const kept = events.filter((data) => log.includes(data))
      if (kept.join() !== log.slice(log.length - kept.length).join())
        return `reader ${name} read ${found.join()}, the log is ${log.join()}`
      const owed = ghost.stored.filter(
        ({ data }) => ghost.begun.findIndex((append) => append.data === data) >= begun,
      )
      const lost = owed.find(({ data }) => !events.includes(data))
      if (lost !== undefined && !found.includes(GAP))
        return `reader ${name} did not get ${lost.data}`
      const early = ghost.stored.slice(0, acknowledged).find(({ data }) => events.includes(data))
      if (early !== undefined && name !== 'earliest' && acknowledged > 0 && !isEarliest(name))
        return `reader ${name} began behind ${early.data}, and got it`
    }
    return undefined
  }

  function isEarliest(name: string): boolean {
    return ghost.readings[name]!.acknowledged === 0
  }

  /** Checks that a cursor leads to what follows, or to a gap. */
  function checkCursors(): string | undefined {
    for (const { data, cursor } of ghost.stored) {
      const found = read(cursor)
      const rest = log.slice(log.indexOf(data) + 1)
      // If the event itself has expired, so may have later ones: then only a gap is right.
      const isMissed = ghost.begun.some(
        ({ data: later }) => isAfter(later, data) && isStored(later) && !log.includes(later),
      )
      if (isMissed && found[0] !== GAP) return `behind ${data} (${cursor}) something is passed over`
      if (found[0] === GAP ? !expires || log.includes(data) : found.join() !== rest.join())
        return `behind ${data} (${cursor}) there is ${found.join()}, in the log ${log.join()}`
    }
    return undefined
  }

  function isStored(data: string): boolean {
    return ghost.stored.some((stored) => stored.data === data)
  }

  /** Returns whether its append began when the other one was stored. */
  function isAfter(later: string, data: string): boolean {
    const index = ghost.stored.findIndex((stored) => stored.data === data)
    return ghost.begun.some((append) => append.data === later && append.after > index)
  }

  function checkGroup(): string | undefined {
    const rest = read('latest', 'g')
    if (rest.includes(GAP) || ghost.handled.includes(GAP)) return 'the group was told of a gap'
    const all = [...ghost.handled, ...rest]
    const lost = ghost.stored.find(({ data }) => !all.includes(data))
    if (lost !== undefined) return `the group does not get ${lost.data}`
    const crashed = world.processes.some(({ status }) => status === 'crashed')
    return !crashed && new Set(all).size < all.length
      ? `the group gets twice: ${all.join()}`
      : undefined
  }

  /** Checks that the next writer and the next reader continue, whatever was left. */
  function checkNext(): string | undefined {
    let found: string[] = []
    runAlone((process) => {
      const events = openEvents(process)
      const reader = events.openReader({ from: 'latest' })
      append(process, events, 'next', KEEP)
      found = takeAll(reader)
    })
    // The next record's newline can complete a record that lacked nothing else. It was never acknowledged.
    const before = found.slice(0, -1)
    const isLate = (data: string): boolean => !isStored(data)
    const isRight = found.at(-1) === 'next' && before.length <= 1 && before.every(isLate)
    return isRight ? undefined : `a newcomer afterwards reads ${found.join()}`
  }
}

function isBefore(log: readonly string[], earlier: string, later: string): boolean {
  const [at, then] = [log.indexOf(earlier), log.indexOf(later)]
  return at < 0 || then < 0 || at < then
}
