import { closestName } from '../base/names/closest-name.js'
import { jsonLine } from '../base/terminal/json-line.js'
import { openDriver } from '../engine/open-driver.js'
import { closedFor } from '../locks/contract/closed-engine.js'
import { describeClosed } from '../locks/contract/describe-owner.js'
import type { OpsContext } from './ops-context.js'

/**
 * Says that nobody has a lock, whether the engine would grant it, and which one of those in use was meant if its name is
 * misspelt.
 */
export async function freeText(
  { coordinator, connection }: Pick<OpsContext, 'coordinator' | 'connection'>,
  resource: string,
): Promise<string> {
  const used = (await coordinator.locks.list()).map((info) => info.resource)
  const meant = closestName(resource, used)
  const hint = meant === undefined ? '' : ` Did you mean ${jsonLine(meant)}?`
  const closedUntil = closedFor(await closedForMs(connection, resource))
  const nobody = 'no process holds it or waits for it'
  return closedUntil === undefined
    ? `${jsonLine(resource)} is free: ${nobody}.${hint}`
    : `${jsonLine(resource)} is not granted yet: ${nobody}, but ${describeClosed(closedUntil)}.${hint}`
}

async function closedForMs(
  connection: OpsContext['connection'],
  resource: string,
): Promise<number | undefined> {
  const { home, namespace } = connection
  const options = { home, namespace, url: connection.urlOf('locks'), disabled: false }
  const handle = openDriver(options, 'locks')
  try {
    const { locks } = await handle.open()
    return await locks.closedForMs?.(resource)
  } finally {
    await handle.close()
  }
}
