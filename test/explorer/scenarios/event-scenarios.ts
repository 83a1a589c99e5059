import { prepareFiles } from '../engine/prepare-files.js'
import type { Program } from '../engine/program.js'
import type { Limits, Scenario } from '../engine/scenario.js'
import type { Ghost } from '../engine/world.js'
import { checkEventEnd, type EventExpectations } from './event-end.js'
import { type EventGhost, NO_EVENTS } from './event-ghost.js'
import {
  appends,
  beginsNext,
  EXPIRE,
  expires,
  handles,
  KEEP,
  openEvents,
  reads,
  record,
  ROTATE,
  rotatesHalfway,
  startsGroup,
} from './event-programs.js'
import type { Size } from './lock-scenarios.js'
import { MACHINE } from './machine.js'

interface Parts extends Partial<EventExpectations> {
  readonly before?: readonly Program<Ghost>[]
  readonly limits?: Limits
}

function eventScenario(
  name: string,
  programs: readonly (readonly Program<EventGhost>[])[],
  {
    before = [begun],
    limits = { crashes: 1, tears: true },
    expires = false,
    group = false,
  }: Parts = {},
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

export function eventScenarios(size: Size): Scenario<EventGhost>[] {
  const isShort = size === 'short'
  const two: Limits = isShort
    ? { preemptions: 1, crashes: 1, tears: true }
    : { crashes: 1, tears: true }
  const three: Limits = isShort
    ? { preemptions: 1, crashes: 1 }
    : { preemptions: 3, crashes: 1, tears: true }
  const group: Parts = { before: [startsGroup, begun], group: true }
  const keeper = [appends(2, KEEP)]
  const rotator = [appends(1, ROTATE), appends(1, KEEP, 'c')]
  const other = [appends(1, ROTATE), appends(1, KEEP, 'd')]
  const both = [
    eventScenario('first appends', [[appends(1, KEEP)], [appends(1, KEEP)]], {
      before: [],
      limits: two,
    }),
    eventScenario('two append', [keeper, keeper], { limits: two }),
    eventScenario('two rotate', [[appends(1, ROTATE)], [appends(1, ROTATE)]], { limits: two }),
    eventScenario('one that keeps its segment open, and a rotation', [keeper, rotator], {
      limits: two,
    }),
    eventScenario('a reader', [keeper, [reads(2)]], { limits: two }),
    eventScenario('a reader over a rotation', [rotator, [reads(1)]], { limits: two }),
    eventScenario(
      'two and a reader',
      [keeper, isShort ? [appends(1, ROTATE)] : rotator, [reads(1)]],
      { limits: three },
    ),
    eventScenario('a reader that begins in a rotation', [keeper, [rotatesHalfway], [reads(1)]], {
      limits: isShort ? { preemptions: 3 } : three,
    }),
    eventScenario('expiry', [keeper, [appends(1, EXPIRE), appends(1, EXPIRE, 'c')]], {
      expires: true,
      limits: isShort ? { preemptions: 1, crashes: 1 } : two,
    }),
    eventScenario(
      'expiry under a reader',
      [[appends(1, EXPIRE), appends(1, EXPIRE, 'c')], [reads(1)]],
      { expires: true, limits: isShort ? { preemptions: 1, crashes: 1 } : two },
    ),
    eventScenario(
      'expiry after a crash in a rotation',
      [keeper, [beginsNext, expires(EXPIRE)], [reads(1)]],
      { expires: true, limits: isShort ? { preemptions: 2 } : three },
    ),
    eventScenario('a group', [[appends(1, ROTATE)], [handles]], {
      ...group,
      limits: isShort ? { preemptions: 1, crashes: 1 } : two,
    }),
    eventScenario('a group with two readers', [[handles], [handles], [appends(1, KEEP)]], {
      ...group,
      limits: isShort ? { preemptions: 1 } : three,
    }),
    eventScenario('a group that is behind', [[appends(1, ROTATE)], [expires(ROTATE)], [handles]], {
      ...group,
      limits: isShort ? { preemptions: 1, leaps: 1 } : { ...three, leaps: 1 },
    }),
  ]
  if (isShort) return both
  return [
    ...both,
    eventScenario('two writers that rotate and go on', [rotator, other], {
      limits: { preemptions: 4, crashes: 1, tears: true },
    }),
    eventScenario('two crashes of writers', [keeper, rotator], {
      limits: { preemptions: 3, crashes: 2, tears: true },
    }),
    eventScenario('a full disk under the log', [keeper, rotator], {
      limits: { preemptions: 3, crashes: 1, tears: true, faults: 1 },
    }),
  ]
}
