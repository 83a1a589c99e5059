import { ownProcess } from '../../base/process/own-process.js'
import type { Owner } from './lock-types.js'

/** This process, as others see it in a lock that it holds or waits for. */
export function ownOwner(): Owner {
  const { name, command, identity, host, user, startedAt } = ownProcess()
  return {
    name,
    pid: identity.pid,
    host,
    user,
    ...(command !== undefined && { command }),
    startedAt,
    state: 'running',
  }
}
