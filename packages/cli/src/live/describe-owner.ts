import type { OwnerView } from './live-types.js'

/** Names an owner for people: `cli-beta sync (pid 4242, dev@build-7, stopped)`. */
export function describeOwner({ name, command, pid, user, host, state }: OwnerView): string {
  const facts = [
    pid > 0 ? `pid ${pid}` : '',
    user !== '' && host !== '' ? `${user}@${host}` : user || host,
    state === 'stopped' || state === 'dead' ? state : '',
  ].filter((fact) => fact !== '')
  return `${programOf({ name, command })}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`
}

/** The CLI and its command: `cli-beta sync`. */
export function programOf({ name, command }: Pick<OwnerView, 'name' | 'command'>): string {
  return command === undefined ? name : `${name} ${command}`
}
