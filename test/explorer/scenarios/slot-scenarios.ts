import { blockForSlot } from '../../../packages/core/src/command/block-for-slot.js'
import { Home } from '../../../packages/core/src/drivers/local/home/home.js'
import { LockContext } from '../../../packages/core/src/drivers/local/locks/lock-context.js'
import type { LockInfo } from '../../../packages/core/src/locks/contract/lock-types.js'
import type { SlotGrant, SlotsWanted } from '../../../packages/core/src/locks/slots/slot-request.js'
import { withSlots } from '../../../packages/core/src/locks/slots/with-slots.js'
import { prepareFiles } from '../engine/prepare-files.js'
import type { Program, SimulatedProcess } from '../engine/program.js'
import type { End, Limits, Scenario } from '../engine/scenario.js'
import { HOME } from '../engine/simulated-file-system.js'
import type { Ghost, World } from '../engine/world.js'
import { cleans, openLocks } from './lock-programs.js'
import type { Size } from './lock-scenarios.js'
import { MACHINE } from './machine.js'

/** What the observer knows of the slots of one resource. */
export interface SlotGhost extends Ghost {
  readonly inside: readonly {
    readonly process: number
    readonly slot: string
    readonly id: string
  }[]
  /** The last token of each slot. */
  readonly tokens: Readonly<Record<string, string>>
}

const NO_SLOTS: SlotGhost = { inside: [], tokens: {} }

export function slotScenarios(size: Size): Scenario<SlotGhost>[] {
  const one: Limits = { preemptions: 1, crashes: 1 }
  const most: Limits = size === 'short' ? one : { preemptions: 2, crashes: 1 }
  const two = takes(['a', 'b'])
  return [
    slotScenario('two on one slot', [takes(['a']), takes(['a'])], { crashes: 1 }),
    slotScenario('three on two slots', [two, two, two], one),
    slotScenario(
      'sets of slots that overlap',
      [takes(['a']), takes(['a', 'b']), takes(['b'])],
      most,
    ),
    slotScenario('tries of slots', [tries(['a', 'b'], 2), tries(['a', 'b'], 1)], { crashes: 1 }),
  ]
}

function slotScenario(
  name: string,
  programs: readonly Program<SlotGhost>[],
  limits: Limits,
): Scenario<SlotGhost> {
  return {
    name,
    limits,
    machine: MACHINE,
    files: prepareFiles(MACHINE, [used as Program<Ghost>]),
    ghost: NO_SLOTS,
    programs: programs.map((program) => [program]),
    checkEnd,
  }
}

/** Takes a slot for a command: a free one, otherwise it blocks for one. */
const takes =
  (slots: readonly string[]): Program<SlotGhost> =>
  (process) => {
    const asked = request(process, slots, true)
    const locks = openLocks(process)
    const grant: SlotGrant | null = withSlots(locks).tryAcquireSync!(asked) ?? block()
    if (grant !== null) hold(process, grant)

    function block(): SlotGrant | null {
      const context = new LockContext(new Home(HOME, '', process.fileSystem), process.surroundings)
      return blockForSlot(context, locks, asked, { timeoutMs: Infinity, onPause: () => undefined })
    }
  }

/** Tries to take a slot, repeatedly. */
const tries =
  (slots: readonly string[], times: number): Program<SlotGhost> =>
  (process) => {
    for (let time = 0; time < times; time += 1) {
      const grant = tryOne(process, slots)
      if (grant !== null) hold(process, grant)
    }
  }

/** Leaves every permanent file there. */
const used: Program<SlotGhost> = (process) => {
  tryOne(process, ['a'])?.releaseSync?.()
  tryOne(process, ['b'])?.releaseSync?.()
}

function tryOne(process: SimulatedProcess<SlotGhost>, slots: readonly string[]): SlotGrant | null {
  return withSlots(openLocks(process)).tryAcquireSync!(request(process, slots, false))
}

function request(
  process: SimulatedProcess<SlotGhost>,
  slots: readonly string[],
  waits: boolean,
): SlotsWanted {
  const id = `x${process.index}`
  return { resource: 'pool', mode: 'exclusive', id, held: [], slots, waits }
}

function hold(process: SimulatedProcess<SlotGhost>, grant: SlotGrant): void {
  process.note((ghost, world) => enter(ghost, world, process.index, grant))
  process.pause(`hold ${grant.slot}`)
  const isHeld = grant.isHeld()
  process.note((ghost) => ({
    ...ghost,
    wrong: isHeld ? ghost.wrong : `${grant.id} is told that it lost its slot`,
    inside: ghost.inside.filter(({ id }) => id !== grant.id),
  }))
  grant.releaseSync?.()
}

/** Records a grant. Wrong are a grant of a slot that another has, and a token that does not rise. */
function enter(
  ghost: SlotGhost,
  { processes }: World,
  process: number,
  { slot = '', id, token }: SlotGrant,
): SlotGhost {
  const inside = ghost.inside.filter((other) => processes[other.process]?.status !== 'crashed')
  const other = inside.find((holder) => holder.slot === slot)
  const last = BigInt(ghost.tokens[slot] ?? 0)
  let { wrong } = ghost
  if (other !== undefined) wrong = `${id} has slot ${slot} beside ${other.id}`
  if (token <= last) wrong = `the token of slot ${slot} is ${token}, after ${last}`
  return {
    ...ghost,
    wrong,
    inside: [...inside, { process, slot, id }],
    tokens: { ...ghost.tokens, [slot]: String(token) },
  }
}

/** Checks that no live process waits for the dead, every slot is available, and nothing carries the name of a process. */
function checkEnd({ world, runAlone }: End<SlotGhost>): string | undefined {
  const waiting = world.processes.flatMap(({ status }, index) => (status === 'idle' ? [index] : []))
  if (waiting.length > 0) return `nobody is alive but those who wait: ${waiting.join()}`
  let missing = 'a newcomer gets nothing'
  runAlone((process) => {
    process.note((ghost) => ({ ...ghost, inside: [] }))
    const grants = ['a', 'b'].map(() => tryOne(process, ['a', 'b']))
    missing = ['a', 'b'].filter((slot) => !grants.some((grant) => grant?.slot === slot)).join()
    for (const grant of grants) grant?.releaseSync?.()
    const info = withSlots(openLocks(process)).inspect('pool') as LockInfo | null
    if (info !== null) missing = 'what nobody has is shown'
  })
  if (missing !== '') return `a newcomer afterwards misses ${missing}`
  const { world: clean } = runAlone(cleans)
  const left = clean.files.paths.filter((path) => /~p\d+\.t/u.test(path))
  return left.length > 0 ? `a clean-up leaves ${left.join()}` : undefined
}
