import { join } from 'node:path'

import { nodeFileSystem } from '../drivers/local/file-system.js'
import { Home } from '../drivers/local/home.js'
import { LOCK_SUFFIX } from '../drivers/local/locks/lock-place.js'
import { parseEntryName } from '../drivers/local/locks/entry-name.js'
import type { LockInfo } from '../locks/lock-types.js'
import { describeOwner } from '../locks/describe-owner.js'
import { type Check, ok, warning } from './finding.js'
import { jsonLine } from './json-line.js'
import type { OpsContext } from './ops-context.js'

export const checkLocks: Check = async (context) => {
  const { coordinator, program } = context
  const blocked = blockedLocks(context)
  if (blocked.length > 0) {
    return warning(
      blocked.join('; '),
      'nobody can take that lock; look at what is there, and move it elsewhere',
    )
  }
  const locks = (await coordinator.locks.list()).filter(({ id }) => id !== '')
  const doubtful = locks.filter(({ owner }) => owner.state !== 'running')
  if (doubtful.length === 0) return ok(`${locks.length} in use`)
  return warning(
    doubtful.map(describeDoubtful).join('; '),
    doubtful.map((lock) => remedyFor(lock, program)).join('\n      '),
  )
}

/** Names what is in the place of a lock and was not written by the kit: nobody can take that lock. */
function blockedLocks({ connection }: OpsContext): readonly string[] {
  if (connection.urlOf('locks') !== 'local:') return []
  const { locks } = new Home(connection.home, connection.namespace, nodeFileSystem).paths
  return (nodeFileSystem.list(locks) ?? [])
    .filter((name) => name.endsWith(LOCK_SUFFIX))
    .flatMap((name) => foreignPart(join(locks, name)) ?? [])
}

function foreignPart(path: string): string | undefined {
  if (nodeFileSystem.status(path)?.kind !== 'directory') return `${path} is not a directory`
  const foreign = (nodeFileSystem.list(path) ?? []).filter(
    (name) => parseEntryName(name) === undefined,
  )
  if (foreign.length === 0) return undefined
  return `${path} holds ${foreign.slice(0, 3).map(jsonLine).join(', ')}, which is not the kit’s`
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
