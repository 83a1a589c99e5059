import type { LockMode } from '../../../packages/core/src/locks/lock-types.js'
import { prepareFiles } from '../engine/prepare-files.js'
import type { Program } from '../engine/program.js'
import type { Limits, Scenario } from '../engine/scenario.js'
import type { Ghost, Machine } from '../engine/world.js'
import { checkLockEnd } from './lock-end.js'
import { type LockGhost, NO_LOCKS } from './lock-ghost.js'
import { cleans, diesHolding, forces, givesUp, tries, triesAgain, used, waits } from './lock-programs.js'
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

export function lockScenarios(): Scenario<LockGhost>[] {
  const force = [forces]
  const clean = [cleans as Program<LockGhost>]
  return [
    lockScenario('first use', [tries(x), tries(x)], { before: [] }),
    lockScenario('two that remember', [triesAgain(x, x), triesAgain(x, x)]),
    lockScenario('two take it twice', [tries(x, x), tries(x, x)]),
    lockScenario('an owner and sharers', [tries(x, s), tries(s, x)]),
    lockScenario('sharers', [tries(s, s), tries(s, s)]),
    lockScenario('a dead owner', [tries(x, s), tries(x)], { before: [diesHolding(x)] }),
    lockScenario('dead sharers', [tries(x), tries(s, x)], { before: [diesHolding(s), diesHolding(s)] }),
    lockScenario('release by force', [tries(x), tries(x), force]),
    lockScenario('release of a sharer by force', [tries(s), tries(x), force]),
    lockScenario('a clean-up', [tries(x), tries(s), clean], { before: [diesHolding(x)] }),
    lockScenario('two wait', [waits(x), waits(x)]),
    lockScenario('two and one who gives up', [waits(x), [givesUp(x)]]),
  ]
}
