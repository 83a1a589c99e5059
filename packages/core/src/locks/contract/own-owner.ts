import { ownProcess } from '../../base/process/own-process.js'
import type { Owner } from './lock-types.js'

/** Returns this process as the owner that other processes see. */
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
