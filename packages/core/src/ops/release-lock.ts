import { createInterface } from 'node:readline'

import { assertName } from '../base/names/assert-name.js'
import { jsonLine } from '../base/terminal/json-line.js'
import { printable } from '../base/terminal/printable.js'
import { textAge } from '../base/terminal/units.js'
import { describeOwner } from '../locks/contract/describe-owner.js'
import type { Holder, LockInfo } from '../locks/contract/lock-types.js'
import { isWrapped, releaseCommand } from './lock-advice.js'
import type { OpsContext, OpsRun } from './ops-context.js'

/**
 * `locks release <resource> --id <id>`: takes a lock from one holder, never from a newer one. Without the id it shows the holders and the
 * commands to do so, and asks if a person sits at a terminal.
 */
export const releaseLock: OpsRun = async (context) => {
  const { coordinator, args, options } = context
  const [resource] = args
  const { id } = options
  assertName('resource', resource)
  if (id !== undefined) assertName('--id', id)
  const info = await coordinator.locks.inspect(resource)
  if (id !== undefined) return release(context, { resource, id, info })
  const holders = info?.holders ?? []
  if (holders.length === 0) return tellFree(context, resource)
  const chosen = isAsked(context) ? await choose(context, resource, holders) : undefined
  if (chosen !== undefined) return release(context, { resource, id: chosen.id, info })
  return tellCommands(context, resource, holders)
}

interface Wanted {
  readonly resource: string
  readonly id: string
  readonly info: LockInfo | null
}

async function release(
  { coordinator, program, print }: OpsContext,
  { resource, id, info }: Wanted,
): Promise<number> {
  const released = await coordinator.locks.forceRelease(resource, id)
  const owner = info?.holders.find((holder) => holder.id === id)?.owner
  print(
    { resource, id, released, ...(released && owner !== undefined ? { owner } : {}) },
    released
      ? `Released ${jsonLine(resource)}${owner === undefined ? '' : ` from ${describeOwner(owner)}`}. If that process is still running, it ${owner !== undefined && isWrapped(owner) ? 'is asked to end' : 'continues without the lock'}.`
      : `Nothing to release: no current holder of ${jsonLine(resource)} has the id ${id}; see "${program} locks".`,
  )
  return released ? 0 : 1
}

function tellFree({ print }: OpsContext, resource: string): number {
  const text = `Nothing to release: ${jsonLine(resource)} is not held.`
  print({ resource, released: false, holders: [] }, text)
  return 1
}

function tellCommands(
  { program, print }: OpsContext,
  resource: string,
  holders: readonly Holder[],
): number {
  const told = holders.map((holder) => ({
    ...holder,
    token: holder.token.toString(),
    command: releaseCommand(program, resource, holder.id),
  }))
  const lines = told.flatMap(({ command }, index) => [
    `  ${heldBy(holders[index])}; to take it from this one:`,
    `    ${command}`,
  ])
  const text = [`Nothing was released. ${jsonLine(resource)} is held by`, ...lines].join('\n')
  print({ resource, released: false, holders: told }, text)
  return 1
}

function heldBy(holder: Holder | undefined): string {
  if (holder === undefined) return ''
  const { owner, label, slot, since } = holder
  return `${describeOwner(owner, label, slot)}, for ${textAge(since)}`
}

/** Only a person at a terminal is asked. */
function isAsked({ options }: OpsContext): boolean {
  return options['json'] !== true && process.stdin.isTTY && process.stderr.isTTY
}

/** Asks which holder loses the lock; `undefined` for none. */
async function choose(
  { signal }: OpsContext,
  resource: string,
  holders: readonly Holder[],
): Promise<Holder | undefined> {
  const [only] = holders
  if (only !== undefined && holders.length === 1) {
    const question = `${jsonLine(resource)} is held by ${heldBy(only)}. It loses the lock, whether or not it keeps running. Take it? [y/N] `
    return /^y(?:es)?$/iu.test(await ask(question, signal)) ? only : undefined
  }
  const list = holders.map((holder, index) => `  ${index + 1}. ${heldBy(holder)}`)
  const question = `${jsonLine(resource)} is held by\n${list.join('\n')}\nTake it from which? [1-${holders.length}, else none] `
  return holders[Number(await ask(question, signal)) - 1]
}

/** Reads one line of input; empty at its end. The terminal mode is unchanged, so Ctrl-C works as usual. */
async function ask(question: string, signal: AbortSignal): Promise<string> {
  process.stderr.write(question.split('\n').map(printable).join('\n'))
  const reader = createInterface({ input: process.stdin, terminal: false, signal })
  try {
    return await new Promise<string>((resolve) => {
      reader.once('line', (line) => {
        resolve(line.trim())
      })
      reader.once('close', () => {
        resolve('')
      })
    })
  } finally {
    reader.close()
    process.stdin.unref()
  }
}
