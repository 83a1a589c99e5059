import { atExit } from '../base/process/at-exit.js'
import type { UsualDriver } from '../drivers/local/usual-driver.js'
import type { Connection } from '../engine/connection-options.js'
import type { LockGrant } from '../locks/contract/lock-driver.js'
import { type FlowLock, lockOfFlow } from '../locks/lock-flow.js'
import { lockScope } from '../locks/lock-scope.js'
import { requestOfFlow } from '../locks/request-of-flow.js'
import { checkLockRule } from './check-options.js'
import type { LockRule } from './options/cli-ops-options.js'
import type { ReleasableLock } from './release-lock.js'

/** A lock of a usual command: the part of a held lock that a command needs, around the driver's grant. */
export interface UsualLock extends FlowLock, ReleasableLock {
  readonly grant: LockGrant
}

/** Takes a rule's lock if it is free, and nothing about it is unusual; returns `undefined` in any other case, and if it fails. */
export function takeUsualLock(
  connection: Connection,
  driver: UsualDriver,
  rule: LockRule,
): UsualLock | undefined {
  const { resource, label, slots, mode = 'exclusive', onBusy = 'wait' } = rule
  if (slots !== undefined || mode !== 'exclusive' || onBusy === 'join' || onBusy === 'replace')
    return undefined
  try {
    checkLockRule('lock', rule)
    const scope = lockScope(connection)
    if (lockOfFlow(scope, resource) !== undefined) return undefined
    const request = requestOfFlow(resource, { mode, label, inFlow: true })
    const grant = driver.tryAcquire(request)
    return grant === null ? undefined : toLock(scope, resource, grant)
  } catch {
    return undefined
  }
}

function toLock(scope: string, resource: string, grant: LockGrant): UsualLock {
  let isActive = true
  const releaseSync = (): void => {
    if (!isActive) return
    grant.releaseSync?.()
    isActive = false
    forgetExit()
  }
  const forgetExit = atExit(releaseSync)
  return {
    scope,
    resource,
    mode: 'exclusive',
    slot: undefined,
    id: grant.id,
    grant,
    isActive: () => isActive,
    releaseSync,
    release: async () => {
      releaseSync()
    },
    get wasGone() {
      return grant.wasGone?.() ?? false
    },
  }
}
