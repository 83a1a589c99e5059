import { join } from 'node:path'

import { nodeFileSystem } from '../drivers/local/file-system.js'
import { Home } from '../drivers/local/home.js'
import { parseSharerName, parseStateName } from '../drivers/local/locks/lock-names.js'
import { LOCK_SUFFIX } from '../drivers/local/locks/lock-place.js'
import type { LockInfo } from '../locks/lock-types.js'
import { describeOwner } from '../locks/describe-owner.js'
import { type Check, ok, warning } from './finding.js'
import { jsonLine } from './json-line.js'
import type { OpsContext } from './ops-context.js'
import { isRefusal, unlessRefused } from './unless-refused.js'

export const checkLocks: Check = async (context) => {
  const { coordinator, program } = context
  const blocked = blockedLocks(context)
  if (blocked.length > 0) {
    return warning(
      blocked.join('; '),
      'nobody can take such a lock, or it may seem taken; look at what is there, and move it elsewhere',
    )
  }
  const listed = await unlessRefused(() => coordinator.locks.list())
  if (isRefusal(listed))
    return warning(listed.refusal, 'a command that must have a lock does not run; all others do')
  const locks = listed.filter(({ id }) => id !== '')
  const doubtful = locks.filter(({ owner }) => owner.state !== 'running')
  if (doubtful.length === 0) return ok(`${locks.length} in use`)
  return warning(
    doubtful.map(describeDoubtful).join('; '),
    doubtful.map((lock) => remedyFor(lock, program)).join('\n      '),
  )
}

/** Names what lies in the place of a lock and does not belong there. */
function blockedLocks({ connection }: OpsContext): readonly string[] {
  if (connection.urlOf('locks') !== 'local:') return []
  const { locks } = new Home(connection.home, connection.namespace, nodeFileSystem).paths
  return nodeFileSystem
    .list(locks)
    .filter((name) => name.endsWith(LOCK_SUFFIX))
    .flatMap((name) => foreignPart(join(locks, name)) ?? [])
}

function foreignPart(path: string): string | undefined {
  if (nodeFileSystem.status(path)?.kind !== 'directory') return `${path} is not a directory`
  const names = nodeFileSystem.list(path)
  const foreign = names.filter(
    (name) => parseStateName(name) === undefined && parseSharerName(name) === undefined,
  )
  if (foreign.length > 0)
    return `${path} holds ${foreign.slice(0, 3).map(jsonLine).join(', ')}, which is not the kit’s`
  const states = names.filter((name) => parseStateName(name) !== undefined)
  if (states.length <= 1) return undefined
  return `${path} holds several states, as after a backup was restored over it: ${states.map(jsonLine).join(', ')}`
}

function describeDoubtful({ resource, owner }: LockInfo): string {
  const doubt = owner.state === 'unknown' ? ', which cannot be judged from here' : ''
  return `${jsonLine(resource)} is held by ${describeOwner(owner)}${doubt}`
}

function remedyFor({ resource, id, owner }: LockInfo, program: string): string {
  const release = `${program} locks release ${quote(resource)} --id ${id}`
  return owner.state === 'stopped'
    ? `resume it (kill -CONT ${owner.pid}), or take the lock: ${release}`
    : `if the holder will not go on: ${release}`
}

/** For a POSIX shell. */
function quote(word: string): string {
  return /^[\w./:@-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

export const checkInstances: Check = async ({ coordinator }) => {
  const services = await coordinator.registry.discover()
  const hung = services.filter(({ state }) => state === 'hung')
  if (hung.length === 0) return ok(`${services.length} running`)
  return warning(
    hung.map(({ name, pid }) => `${name} (pid ${pid}) is suspended or does not answer`).join('; '),
    `resume or end it: ${hung.map(({ pid }) => `kill -CONT ${pid}`).join('; ')}`,
  )
}
