import type { RpcDriver, RpcLimits } from '../drivers/driver.js'
import { lookBriefly } from '../base/wait/look-briefly.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { isOwnInstance, type RegistryContext } from '../registry/own-records.js'
import type { ServiceInfo } from '../registry/contract/service-types.js'
import type { ClientConnection } from './client-connection.js'
import { connectToAny } from './connect-to-any.js'
import { ownServersStarted } from './starting-servers.js'
import { waitForChange } from './wait-for-change.js'

/** Which of several instances a client calls. */
export type Pick = 'oldest' | 'newest' | 'random'

/** The server to connect to. */
export interface ServerTarget {
  readonly name: string
  readonly instance: string | undefined
  readonly pick: Pick
}

/** Where to look and how to connect. */
export interface ServerFinder {
  readonly place: RegistryContext
  readonly rpc: RpcDriver
  readonly limits: RpcLimits
}

/**
 * Finds an instance that answers and connects to it. Skips suspended instances immediately, and silent ones after 300 ms if there is
 * another. The last one has until the signal is aborted. Without any instance, waits until `until()` for one to appear.
 *
 * @throws CliOpsError `NO_RESPONDER`; the signal's reason once aborted
 */
export async function findServer(
  finder: ServerFinder,
  target: ServerTarget,
  until: () => number,
  signal: AbortSignal,
): Promise<ClientConnection> {
  const { place } = finder
  for (;;) {
    // Taken before the query, which might miss a server that starts while it runs.
    const started = ownServersStarted(place, target.name)
    const services = await place.driver.discover({ name: target.name, probe: false })
    signal.throwIfAborted()
    const candidates = chooseCandidates(place, services, target)
    const connection = await connectToAny(finder, candidates, signal)
    if (connection !== undefined) return connection
    if (await started) continue
    const remaining = until() - performance.now()
    if (remaining <= 0) throw await noResponder(place, target)
    await waitForChange(place.driver, remaining, signal)
    signal.throwIfAborted()
  }
}

/** Creates the error that names the requested server, what is known about it, and what is running instead. */
export async function noResponder(
  { driver }: RegistryContext,
  { name, instance }: ServerTarget,
): Promise<CliOpsError> {
  const running = (await lookBriefly(() => driver.discover({ probe: false }))) ?? []
  const named = running.filter((service) => service.name === name)
  const wanted = named.filter((service) => instance === undefined || service.instance === instance)
  const others = [...new Set(running.map((service) => service.name))].filter(
    (other) => other !== name,
  )
  return new CliOpsError('NO_RESPONDER', describeAbsence(name, instance, wanted[0], others), {
    details: { name, running: running.map((service) => `${service.name} (pid ${service.pid})`) },
  })
}

function describeAbsence(
  name: string,
  instance: string | undefined,
  found: ServiceInfo | undefined,
  others: readonly string[],
): string {
  const who = JSON.stringify(name)
  if (found === undefined) {
    const which = instance === undefined ? '' : ` with instance ${JSON.stringify(instance)}`
    const instead = others.length === 0 ? '' : ` (running now: ${others.slice(0, 10).join(', ')})`
    return `no ${who}${which} is running; start it and try again${instead}`
  }
  const running = `${who} is running (pid ${found.pid})`
  if (found.reason === 'stopped')
    return `${running} but suspended; "kill -CONT ${found.pid}" resumes it`
  if (found.endpoint === undefined) return `${running} but does not answer requests`
  return `${running} but does not answer; nothing was sent to it`
}

/** This process comes last: a `cli-alpha` that connects to `cli-alpha` means another process. */
function chooseCandidates(
  place: RegistryContext,
  services: readonly ServiceInfo[],
  { instance, pick }: ServerTarget,
): ServiceInfo[] {
  const candidates = services.filter(
    (service) =>
      service.endpoint !== undefined &&
      service.state === 'live' &&
      (instance === undefined || service.instance === instance),
  )
  if (pick === 'newest') candidates.reverse()
  if (pick === 'random') shuffle(candidates)
  const isSelf = ({ instance: id }: ServiceInfo): boolean => isOwnInstance(place, id)
  return [...candidates.filter((service) => !isSelf(service)), ...candidates.filter(isSelf)]
}

function shuffle(items: unknown[]): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1))
    ;[items[last], items[other]] = [items[other], items[last]]
  }
}
