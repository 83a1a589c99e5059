import { nodeFileSystem } from '../drivers/local/file-system.js'
import { Home } from '../drivers/local/home.js'
import type { LockInfo } from '../locks/lock-types.js'
import { describeOwner } from '../locks/describe-owner.js'
import { decodeFileName } from '../names/file-name.js'
import { type Check, ok, warning } from './finding.js'
import { jsonLine } from './json-line.js'
import type { OpsContext } from './ops-context.js'

const LOCK_SUFFIX = '.lock'

export const checkLocks: Check = async (context) => {
  const { coordinator, program } = context
  const blocked = await blockedLocks(context)
  if (blocked.length > 0) {
    return warning(blocked.join('; '), 'look at what is in the way there, and move it elsewhere')
  }
  const locks = (await coordinator.locks.list()).filter(({ id }) => id !== '')
  const doubtful = locks.filter(({ owner }) => owner.state !== 'running')
  if (doubtful.length === 0) return ok(`${locks.length} in use`)
  return warning(
    doubtful.map(describeDoubtful).join('; '),
    doubtful.map((lock) => remedyFor(lock, program)).join('\n      '),
  )
}

/** Names what is in the place of a lock and was not written by the kit: it blocks everybody who wants that lock. */
async function blockedLocks({ coordinator, connection }: OpsContext): Promise<readonly string[]> {
  if (connection.urlOf('locks') !== 'local:') return []
  const { locks: directory } = new Home(connection.home, connection.namespace, nodeFileSystem).paths
  const blocked: string[] = []
  for (const name of nodeFileSystem.list(directory) ?? []) {
    const resource = name.endsWith(LOCK_SUFFIX)
      ? decodeFileName(name.slice(0, -LOCK_SUFFIX.length))
      : undefined
    if (resource === undefined) continue
    try {
      await coordinator.locks.inspect(resource)
    } catch (error) {
      blocked.push(error instanceof Error ? error.message : String(error))
    }
  }
  return blocked
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
