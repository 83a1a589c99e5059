import { printable } from '../diagnostics/message.js'
import type { LockInfo, Owner } from './lock-types.js'

/** Names an owner for people: `cli-beta sync (pid 4242, dev@build-7)`, also `…, stopped)` where it does not run. */
export function describeOwner({
  name,
  command,
  pid,
  user,
  host,
  state,
  via,
}: Omit<Owner, 'startedAt'>): string {
  const program = command === undefined ? name : `${name} ${command}`
  // An owner outside the kit, or one whose record was lost, leaves some of these empty.
  const facts = [
    pid > 0 ? `pid ${pid}` : '',
    user !== '' && host !== '' ? `${user}@${host}` : user || host,
    via === undefined ? '' : `token ${via}`,
    state === 'stopped' || state === 'dead' ? state : '',
  ].filter((fact) => fact !== '')
  return printable(facts.length === 0 ? program : `${program} (${facts.join(', ')})`)
}

/** Says who is in the way of a lock: `held for 12 s by cli-beta sync (pid 4242, dev@build-7)`. */
export function describeHolder(info: LockInfo, now: number = Date.now()): string {
  const owner = describeOwner(info.owner)
  if (info.id === '') return `next in turn is ${owner}`
  return `held for ${describeDuration(now - info.since.getTime())} by ${owner}`
}

/** Writes a duration as people say it, rounded down: `800 ms`, `12 s`, `5 min`, `3 h`, `2 d`. */
export function describeDuration(durationMs: number): string {
  const ms = Math.max(0, Math.floor(durationMs))
  if (ms < 1000) return `${ms} ms`
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}
