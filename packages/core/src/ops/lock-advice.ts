import { readStat } from '../base/process/liveness.js'
import type { Holder, LockInfo, Owner } from '../locks/contract/lock-types.js'
import { opsLine } from './ops-line.js'
import { shellWord } from '../base/terminal/shell-word.js'

/** One way to deal with a lock, with a command if there is one. */
export interface LockAdvice {
  readonly what: string
  readonly command?: string
}

/** Returns what a person can do about a lock that others wait for, the gentlest first. Advises ending a process by pid only on this machine. */
export function lockAdvice(
  info: LockInfo,
  { program, isHere }: { readonly program: string; readonly isHere: (holder: Holder) => boolean },
): readonly LockAdvice[] {
  const advice: LockAdvice[] = []
  const { mode, holders, waiting } = info
  const isNextAlone = waiting.length > 0 && waiting[0]?.mode !== 'shared'
  if (mode === 'shared' && holders.length > 1 && isNextAlone)
    advice.push({
      what: `the first who waits needs it alone: all ${holders.length} must release it`,
    })
  for (const holder of holders) {
    const { pid, state, host } = holder.owner
    const canSignal = pid > 0 && isHere(holder)
    const process = pid > 0 ? `pid ${pid}` : 'the holder'
    if (state === 'dead') {
      advice.push({
        what: `${process} has ended: the next process takes the lock; to clean up now`,
        command: opsLine(program, 'clean'),
      })
      continue
    }
    if (state === 'unknown')
      advice.push({
        what: `this machine cannot tell whether the holder is still running; check ${host === '' ? 'where it was started' : `on ${host}`}`,
      })
    if (canSignal && state === 'stopped')
      advice.push(
        { what: continueText(holder.owner), command: continueCommand(holder.owner) },
        { what: `to end ${process}`, command: endStoppedCommand(holder.owner) },
      )
    if (canSignal && state === 'running')
      advice.push({ what: `to ask ${process} to end`, command: `kill ${pid}` })
    advice.push({
      what: `to take the lock from ${process}, ${isWrapped(holder.owner) ? 'which is then asked to end' : 'which continues without it'}`,
      command: releaseCommand(program, info.resource, holder.id),
    })
  }
  return advice
}

/** Returns the command that takes a lock from the holder with this id. */
export function releaseCommand(program: string, resource: string, id: string): string {
  return `${opsLine(program, 'locks release')} ${shellWord(resource)} --id ${id}`
}

/**
 * Returns the command that continues a stopped owner. Ctrl-Z stops a program together with its `cli-ops run`, and the lock is held until
 * both have ended, so their process group is continued.
 */
export function continueCommand(owner: Owner): string {
  const group = groupToContinue(owner)
  return group === undefined ? `kill -CONT ${owner.pid}` : `kill -CONT -- -${group}`
}

function groupToContinue(owner: Owner): number | undefined {
  const group = isWrapped(owner) ? readStat(`/proc/${owner.pid}/stat`)?.group : undefined
  return group === undefined || group <= 1 ? undefined : group
}

function continueText(owner: Owner): string {
  const whole = groupToContinue(owner) === undefined ? '' : ', with its process group'
  return `pid ${owner.pid} is stopped; to continue it${whole}`
}

/** A stopped process sees a signal when it continues; only SIGKILL ends it as it is, but not its `cli-ops run`. */
function endStoppedCommand(owner: Owner): string {
  const { pid } = owner
  return isWrapped(owner) ? `kill ${pid}; ${continueCommand(owner)}` : `kill -KILL ${pid}`
}

/** Returns whether the owner is a program under `cli-ops run`, which is asked to end when it loses its lock. */
export function isWrapped({ name, command }: Owner): boolean {
  return name === 'cli-ops' && command?.startsWith('run ') === true
}
