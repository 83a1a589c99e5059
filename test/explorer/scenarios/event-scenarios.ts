import { prepareFiles } from '../engine/prepare-files.js'
import type { Program } from '../engine/program.js'
import type { Limits, Scenario } from '../engine/scenario.js'
import type { Ghost } from '../engine/world.js'
import { checkEventEnd, type EventExpectations } from './event-end.js'
import { type EventGhost, NO_EVENTS } from './event-ghost.js'
import { appends, EXPIRE, expires, handles, KEEP, openEvents, reads, record, ROTATE, startsGroup } from './event-programs.js'
import { MACHINE } from './machine.js'

interface Parts extends Partial<EventExpectations> {
  readonly before?: readonly Program<Ghost>[]
  readonly limits?: Limits
}

function eventScenario(
  name: string,
  programs: readonly (readonly Program<EventGhost>[])[],
  { before = [begun], limits = { crashes: 1, tears: true }, expires = false, group = false }: Parts = {},
): Scenario<EventGhost> {
  return {
    name,
    limits,
    machine: MACHINE,
    files: prepareFiles(MACHINE, before),
    ghost: before.includes(begun) ? OLD_EVENT : NO_EVENTS,
    programs,
    checkEnd: (end) => checkEventEnd(end, { expires, group }),
  }
}

/** A log with one event. */
const begun: Program<Ghost> = (process) => {
  openEvents(process).appendSync([record('old')], KEEP)
}

const OLD_EVENT: EventGhost = {
  ...NO_EVENTS,
  begun: [{ data: 'old', after: 0 }],
}

export function eventScenarios(): Scenario<EventGhost>[] {
  const three: Limits = { preemptions: 3, crashes: 1, tears: true }
  const group = { before: [startsGroup, begun], group: true }
  return [
    eventScenario('first appends', [[appends(1, KEEP)], [appends(1, KEEP)]], { before: [] }),
    eventScenario('two append', [[appends(2, KEEP)], [appends(2, KEEP)]]),
    eventScenario('two rotate', [[appends(1, ROTATE)], [appends(1, ROTATE)]]),
    eventScenario('one that keeps its segment open, and a rotation', [[appends(2, KEEP)], [appends(1, ROTATE)]]),
    eventScenario('a reader', [[appends(2, KEEP)], [reads(2)]]),
    eventScenario('a reader over a rotation', [[appends(1, ROTATE), appends(1, KEEP, 'c')], [reads(1)]]),
    eventScenario('two and a reader', [[appends(2, KEEP)], [appends(1, ROTATE)], [reads(1)]], { limits: three }),
    eventScenario('expiry', [[appends(2, KEEP)], [appends(1, EXPIRE), appends(1, EXPIRE, 'c')]], { expires: true }),
    eventScenario('expiry under a reader', [[appends(1, EXPIRE), appends(1, EXPIRE, 'c')], [reads(1)]], { expires: true }),
    eventScenario('a group', [[appends(1, ROTATE)], [handles]], group),
    eventScenario('a group with two readers', [[handles], [handles], [appends(1, KEEP)]], { ...group, limits: three }),
    eventScenario('a group that is behind', [[appends(1, ROTATE)], [expires(ROTATE)], [handles]], { ...group, limits: { ...three, leaps: 1 } }),
  ]
}
