import { describeClosed, describeOwner, describeWaiter } from '../locks/contract/describe-owner.js'
import type { Holder, LockInfo, LockWaiter } from '../locks/contract/lock-types.js'
import { assertName } from '../base/names/assert-name.js'
import { ownProcess } from '../base/process/own-process.js'
import { jsonLine } from '../base/terminal/json-line.js'
import { hangingLines } from '../base/terminal/wrap-text.js'
import { describeDuration, describeElapsed, localTimeText } from '../base/terminal/units.js'
import { commandLineOf } from './command-line.js'
import { freeText } from './free-lock.js'
import { lockAdvice } from './lock-advice.js'
import { type CommandLines, lockJsonWith } from './lock-report.js'
import type { OpsContext, OpsRun } from './ops-context.js'
import { runEvents } from './read-lock-turns.js'
import {
  commandKey,
  ENOUGH_RUNS,
  turnKey,
  type UsualDuration,
  usualDurations,
} from './usual-durations.js'

/** What is known besides the lock itself. */
interface Known {
  readonly usual: ReadonlyMap<string, UsualDuration>
  readonly commandLines: CommandLines
  readonly isHere: (holder: Holder) => boolean
  readonly program: string
}

/** `why [resource]`: shows who holds a lock, how long that usually takes, the queue, and what to do. Without a name: all waits, the longest first. */
export const explainWait: OpsRun = async (context) => {
  const [resource] = context.args
  if (resource !== undefined) assertName('resource', resource)
  const { locks } = context.coordinator
  const infos =
    resource === undefined
      ? (await locks.list()).filter(({ waiting }) => waiting.length > 0).sort(longestWaitFirst)
      : [(await locks.inspect(resource)) ?? []].flat()
  if (infos.length === 0) {
    const nobody = 'No process is waiting for a lock.'
    context.print([], resource === undefined ? nobody : await freeText(context, resource))
    return 0
  }
  const known = await readKnown(context)
  context.print(
    infos.map((info) => explanationJson(info, known)),
    infos.map((info) => explanationText(info, known)).join('\n\n'),
  )
  return 0
}

async function readKnown(context: OpsContext): Promise<Known> {
  const { connection, program } = context
  const isLocal = connection.urlOf('locks') === 'local:'
  const { host } = ownProcess()
  return {
    usual: usualDurations(await runEvents(context)),
    commandLines: isLocal ? commandLineOf : () => undefined,
    isHere: ({ owner }) => owner.host === host && owner.via === undefined,
    program,
  }
}

function longestWaitFirst(one: LockInfo, other: LockInfo): number {
  return longestWait(one) - longestWait(other)
}

function longestWait({ waiting }: LockInfo): number {
  return Math.min(...waiting.map(({ since }) => since.getTime()))
}

function explanationJson(info: LockInfo, known: Known): object {
  const lock = lockJsonWith(info, known.commandLines) as { readonly holders: readonly object[] }
  const holders = lock.holders.map((holder, index) => {
    const usual = usualOf(info.resource, info.holders[index], known)
    return usual === undefined ? holder : { ...holder, usual }
  })
  return { ...lock, holders, advice: lockAdvice(info, known) }
}

function explanationText(info: LockInfo, known: Known): string {
  const { resource, holders, waiting, mode, closedUntil } = info
  const held = holders.map(
    (holder) =>
      `${named(holder, known)}, ${agesText(holder.since)}${usualText(resource, holder, known)}`,
  )
  if (held.length === 0)
    held.push(
      closedUntil === undefined
        ? 'nobody right now; the first in the queue is about to take it'
        : `nobody; ${describeClosed(closedUntil)}`,
    )
  const queue = waiting.map(
    (waiter, index) => `${index + 1}. ${namedWaiter(waiter, known)}, ${agesText(waiter.since)}`,
  )
  if (queue.length === 0) queue.push('nobody')
  const isAtWork = holders.every(({ owner }) => owner.state === 'running')
  const advice = lockAdvice(info, known).flatMap(({ what, command }) => [
    ...hangingLines('  - ', command === undefined ? what : `${what}:`),
    // Never wrapped, so that it can be copied.
    ...(command === undefined ? [] : [`      ${command}`]),
  ])
  const sharing = mode === 'shared' && holders.length > 0 ? ', shared' : ''
  return [
    `${jsonLine(resource)}${sharing}`,
    ...held.flatMap((text, index) => hangingLines(index === 0 ? '  held by   ' : INDENT, text)),
    ...queue.flatMap((text, index) => hangingLines(index === 0 ? '  waiting   ' : INDENT, text)),
    ...(advice.length === 0 ? [] : [isAtWork ? '  if you need it now' : '  what to do']),
    ...advice,
  ].join('\n')
}

/** Both for a person who waits and for one who compares it with a log. */
function agesText(since: Date): string {
  return `for ${describeElapsed(Date.now() - since.getTime())}, since ${localTimeText(since)}`
}

const INDENT = ' '.repeat(12)

function named({ owner, since, label, slot }: Holder, { commandLines }: Known): string {
  return describeOwner(owner, label, slot) + calledText(commandLines(owner, since))
}

function namedWaiter(waiter: LockWaiter, { commandLines }: Known): string {
  const { owner, since } = waiter
  return describeWaiter(owner, waiter) + calledText(commandLines(owner, since))
}

function calledText(line: string | undefined): string {
  return line === undefined ? '' : `: ${line}`
}

function usualText(resource: string, holder: Holder, known: Known): string {
  const usual = usualOf(resource, holder, known)
  if (usual === undefined) return ''
  const { medianMs, p90Ms, runs } = usual
  if (runs === 1) return `; its last run took ${describeDuration(medianMs)}`
  if (runs < ENOUGH_RUNS) return `; its last ${runs} runs took up to ${describeDuration(p90Ms)}`
  return `; usually ${describeDuration(medianMs)}, 9 of 10 runs within ${describeDuration(p90Ms)}`
}

function usualOf(
  resource: string,
  holder: Holder | undefined,
  { usual }: Known,
): UsualDuration | undefined {
  if (holder === undefined) return undefined
  const { name, command = '' } = holder.owner
  const key = commandKey(name, command)
  return usual.get(turnKey(key, resource)) ?? usual.get(turnKey(key, undefined))
}
