import type { LockMode } from '../../../packages/core/src/locks/contract/lock-types.js'
import { prepareFiles } from '../engine/prepare-files.js'
import type { Program } from '../engine/program.js'
import type { Limits, Scenario } from '../engine/scenario.js'
import type { Ghost, Machine } from '../engine/world.js'
import { START_MS } from '../engine/start-ms.js'
import { breaksStale, leavesStale } from '../known-bad/stale-break.js'
import { checkLockEnd } from './lock-end.js'
import { type LockGhost, NO_LOCKS } from './lock-ghost.js'
import {
  cleans,
  commands,
  commandsInHaste,
  diesHolding,
  forces,
  givesUp,
  tries,
  triesAgain,
  used,
  usedShared,
  waits,
  waitsUnlessFull,
} from './lock-programs.js'
import { MACHINE } from './machine.js'

interface Parts {
  readonly before?: readonly Program<Ghost>[]
  readonly limits?: Limits
  readonly machine?: Partial<Machine>
}

function lockScenario(
  name: string,
  programs: readonly (readonly Program<LockGhost>[])[],
  { before = [used], limits = { crashes: 1 }, machine: differences = {} }: Parts = {},
): Scenario<LockGhost> {
  const machine = { ...MACHINE, ...differences }
  return {
    name,
    limits,
    machine,
    files: prepareFiles(machine, before),
    ghost: NO_LOCKS,
    programs,
    checkEnd: checkLockEnd,
  }
}

const x: LockMode = 'exclusive'
const s: LockMode = 'shared'

/** `long` bounds only the number of crashes. */
export type Size = 'short' | 'long'

export function lockScenarios(size: Size): Scenario<LockGhost>[] {
  const force = [forces]
  const clean = [cleans as Program<LockGhost>]
  const slow = { machine: { slowListings: true } }
  const unknown = { machine: { deadLook: 'unknown' as const } }
  const crash: Limits = { crashes: 1, tears: true }
  const three = size === 'short' ? { preemptions: 1, crashes: 1 } : { preemptions: 3, crashes: 1 }
  const both = [
    lockScenario('first use', [tries(x), tries(x)], { before: [] }),
    lockScenario('two that remember', [triesAgain(x, x), triesAgain(x, x)]),
    lockScenario('two take it twice', [tries(x, x), tries(x, x)]),
    lockScenario('an owner and sharers', [tries(x, s), tries(s, x)]),
    lockScenario('sharers', [tries(s, s), tries(s)]),
    lockScenario('a dead owner', [tries(x, s), tries(x)], { before: [diesHolding(x)] }),
    lockScenario('dead sharers', [tries(x), tries(s, x)], {
      before: [diesHolding(s), diesHolding(s)],
    }),
    lockScenario('sharers, slow listings', [tries(s), tries(x)], { before: [usedShared], ...slow }),
    lockScenario('owners, slow listings', [tries(x, x), tries(x)], slow),
    lockScenario('a long time passes', [tries(x), tries(x)], { limits: { leaps: 1 } }),
    lockScenario('release by force', [tries(x), tries(x), force]),
    lockScenario('release of a sharer by force', [tries(s), tries(x), force], { limits: three }),
    lockScenario('a clean-up', [tries(x), clean], { before: [diesHolding(x)], limits: crash }),
    lockScenario('first use and a clean-up', [tries(x), clean], { before: [], limits: crash }),
    lockScenario('a removal', [tries(x, x), clean], { limits: crash }),
    lockScenario('two wait', [waits(x), waits(x)]),
    lockScenario('two wait behind a third', [tries(x), waits(x), waits(x)], {
      limits: size === 'short' ? { preemptions: 1, crashes: 1 } : three,
    }),
    lockScenario('two and one who gives up', [waits(x), [givesUp(x)]]),
    lockScenario('two commands', [commands(x), commands(x)]),
    lockScenario('commands that come again', [commands(x), commands(x, x)], {
      limits: size === 'short' ? { preemptions: 1, crashes: 1 } : { crashes: 1 },
    }),
    lockScenario('a command and a release by force', [commands(x), force]),
    lockScenario('a command in haste', [commands(x), commandsInHaste(x)]),
    lockScenario('the dead are not known to be dead', [tries(x, x), tries(x)], unknown),
    lockScenario('a waiter that dies elsewhere', [tries(x), waits(x)], unknown),
    lockScenario('a full disk and a waiter', [tries(x), waitsUnlessFull(x)], {
      limits: { preemptions: 2, faults: 1 },
    }),
    lockScenario('hidden facts', [tries(x), tries(x)], {
      machine: { facts: 'hidden' },
      limits: {},
    }),
    lockScenario('two kernels of one machine', [tries(x), tries(x)], {
      machine: { facts: 'kernels' },
      limits: {},
    }),
    lockScenario('a full disk', [tries(x), tries(s)], {
      before: [],
      limits: { preemptions: 2, faults: 1 },
    }),
    lockScenario('three', [tries(x), tries(x), tries(s)], { limits: three }),
    lockScenario('three wait', [waits(x), waits(s), waits(x)], {
      limits: size === 'short' ? { preemptions: 1 } : three,
    }),
    lockScenario('three and a removal', [tries(x), tries(s), clean], { limits: three }),
  ]
  if (size === 'short') return both
  return [
    ...both,
    lockScenario('two crashes', [tries(x, x), tries(x, s)], {
      limits: { crashes: 2, tears: true },
    }),
    lockScenario('a sharer and a removal', [tries(s, x), clean], { limits: crash }),
    lockScenario('a removal, slow listings', [tries(x), clean], slow),
    lockScenario('sharers twice, slow listings', [tries(s, x), tries(x, s)], slow),
    lockScenario('a stopped waiter', [waits(x), waits(x)], { limits: { stops: 1, leaps: 1 } }),
    lockScenario('a waiter that died elsewhere', [waits(x), waits(x)], {
      ...unknown,
      limits: { crashes: 1, leaps: 2 },
    }),
    lockScenario('three commands', [commands(x), commands(s), commands(x)], { limits: three }),
    lockScenario('a command and a waiter', [commands(x), waits(x), commands(x)], { limits: three }),
    lockScenario('waits and tries', [waits(s), waits(x), tries(x)], { limits: three }),
    lockScenario('three, all schedules', [tries(x), tries(x), tries(s)], {}),
    lockScenario('a full disk twice', [tries(x, s), tries(s, x)], { limits: { faults: 2 } }),
  ]
}

/** How others break a lock that looks stale; only a mutant. */
export function staleBreakScenario(): Scenario<LockGhost> {
  const machine = { ...MACHINE, oldDirectories: false }
  const files = prepareFiles(machine, [leavesStale as Program<Ghost>])
  return {
    name: 'stat, rmdir, mkdir',
    limits: {},
    machine,
    files,
    ghost: NO_LOCKS,
    programs: [[breaksStale], [breaksStale]],
    nowMs: START_MS + 60_000,
  }
}
