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
  for (const holder of info.holders) {
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
        { what: `${process} is stopped; to continue it`, command: `kill -CONT ${pid}` },
        // A stopped process is not ended by any other signal.
        { what: `to end ${process}`, command: `kill -KILL ${pid}` },
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

/** Returns whether the owner is a program under `cli-ops run`, which is asked to end when it loses its lock. */
export function isWrapped({ name, command }: Owner): boolean {
  return name === 'cli-ops' && command?.startsWith('run ') === true
}
