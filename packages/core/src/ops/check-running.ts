import { join } from 'node:path'

import { nodeFileSystem } from '../drivers/local/home/file-system.js'
import { homeOf } from '../drivers/local/home/home-of.js'
import { parseSharerName, parseStateName } from '../drivers/local/locks/lock-names.js'
import { LOCK_SUFFIX } from '../drivers/local/locks/resource-paths.js'
import type { Holder, LockInfo, Owner } from '../locks/contract/lock-types.js'
import { describeOwner } from '../locks/contract/describe-owner.js'
import { describeHung } from './describe-hung.js'
import { type Check, ok, warning } from './finding.js'
import { jsonLine } from '../base/terminal/json-line.js'
import type { OpsContext } from './ops-context.js'
import { opsLine } from './ops-line.js'
import { continueCommand, releaseCommand } from './lock-advice.js'
import { isUnsupported, unlessUnsupported } from './unless-unsupported.js'

export const checkLocks: Check = async (context) => {
  const { coordinator, program } = context
  const blocked = blockedLocks(context)
  if (blocked.length > 0) {
    return warning(
      blocked.join('; '),
      'such a lock cannot be acquired, or looks held; check what is there, and move it elsewhere',
    )
  }
  const listed = await unlessUnsupported(() => coordinator.locks.list())
  if (isUnsupported(listed))
    return warning(listed.refusal, 'commands that need a lock do not run; all others do')
  const locks = listed.filter(({ id }) => id !== '')
  const doubtful = locks.flatMap(({ resource, holders }) =>
    holders
      .filter(({ owner }) => owner.state !== 'running')
      .map((holder) => ({ ...holder, resource })),
  )
  const ghosts = listed.filter(({ id, waiters }) => id === '' && waiters.every(isUnknown))
  if (doubtful.length + ghosts.length === 0) return ok(`${locks.length} in use`)
  return warning(
    [...doubtful.map(describeDoubtful), ...ghosts.map(describeGhosts)].join('; '),
    [
      ...doubtful.map((lock) => remedyFor(lock, program)),
      ...(ghosts.length > 0 ? [`it blocks no one; ${opsLine(program, 'clean')} removes it`] : []),
    ].join('\n      '),
  )
}

/** Names foreign files in the place of a lock. */
function blockedLocks({ connection }: OpsContext): readonly string[] {
  if (connection.urlOf('locks') !== 'local:') return []
  const { locks } = homeOf(connection).paths
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
    return `${path} contains ${foreign.slice(0, 3).map(jsonLine).join(', ')}, which the kit did not create`
  const states = names.filter((name) => parseStateName(name) !== undefined)
  if (states.length <= 1) return undefined
  return `${path} contains several states, as after restoring a backup over it: ${states.map(jsonLine).join(', ')}`
}

function isUnknown({ state }: Owner): boolean {
  return state === 'unknown'
}

/** A process that waits for a free lock for more than a moment is dead, or runs where this machine cannot check. */
function describeGhosts({ resource, waiters }: LockInfo): string {
  const owners = waiters.map((waiter) => describeOwner(waiter)).join(', ')
  return `${jsonLine(resource)} is free, but still has waiters: ${owners}`
}

type HeldBy = Holder & { readonly resource: string }

function describeDoubtful({ resource, owner, label, slot }: HeldBy): string {
  const doubt = owner.state === 'unknown' ? ', which cannot be checked from here' : ''
  return `${jsonLine(resource)} is held by ${describeOwner(owner, label, slot)}${doubt}`
}

function remedyFor({ resource, id, owner }: HeldBy, program: string): string {
  const release = releaseCommand(program, resource, id)
  return owner.state === 'stopped'
    ? `resume it (${continueCommand(owner)}), or take the lock: ${release}`
    : `if the holder will not continue: ${release}`
}

export const checkInstances: Check = async ({ coordinator }) => {
  const services = await coordinator.registry.discover({}, { readOnly: true })
  const hung = services.filter(({ state }) => state === 'hung')
  if (hung.length === 0) return ok(`${services.length} running`)
  return warning(
    hung.map(describeHung).join('; '),
    hung
      .map(({ name, pid, reason }) =>
        reason === 'stopped'
          ? `resume it: kill -CONT ${pid}`
          : `see what keeps ${name} busy (pid ${pid}) before you end it`,
      )
      .join('; '),
  )
}
