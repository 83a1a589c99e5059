import { closestName } from '../base/names/closest-name.js'
import { jsonLine } from '../base/terminal/json-line.js'
import type { LockManager } from '../locks/lock-manager.js'

/** Says that nobody has a lock, and which one of those in use was meant if its name is misspelt. */
export async function freeText(locks: LockManager, resource: string): Promise<string> {
  const used = (await locks.list()).map((info) => info.resource)
  const meant = closestName(resource, used)
  const hint = meant === undefined ? '' : ` Did you mean ${jsonLine(meant)}?`
  return `${jsonLine(resource)} is free: no process holds it or waits for it.${hint}`
}
